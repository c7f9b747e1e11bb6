<?php
// The one way to the database.
function db(): PDO
{
    static $pdo = null;
    $config = require __DIR__ . '/../config/site.php';
    return $pdo ??= new PDO('sqlite:' . $config['database']);
}

function rows(string $sql, array $values = []): array
{
    $statement = db()->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll(PDO::FETCH_ASSOC);
}
