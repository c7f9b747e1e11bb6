<?php
// Exports the results of the polls. Nobody has used it since 0.7.
header('Content-Type: text/csv');
foreach (rows('SELECT * FROM poll') as $row) {
    echo implode(',', $row), "\n";
}
