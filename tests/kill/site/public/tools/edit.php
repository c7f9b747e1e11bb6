<?php
// settings of the editor
$rows = 20;
$columns = 80;
