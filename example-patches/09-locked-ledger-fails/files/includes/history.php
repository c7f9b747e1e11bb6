<?php
// Shows which patches are in force.
function patches(): array
{
    return rows('SELECT patch, to_version, at FROM patches ORDER BY number');
}
