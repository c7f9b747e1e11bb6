<?php echo 'acme 1.0'; ?>
