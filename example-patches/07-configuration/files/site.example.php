<?php
// All that can be set, with its default.
return [
    'name' => 'Acme',
    'language' => 'en',
    'cache' => true,
    'cache_seconds' => 300,
    'database' => __DIR__ . '/../../cms.db',
];
