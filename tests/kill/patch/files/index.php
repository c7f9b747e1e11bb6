<?php echo 'acme 1.1'; ?>
