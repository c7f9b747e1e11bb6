<?php
// The site's own settings. Yours to edit.
return [
    'name' => 'Acme',
    'language' => 'en',
    'cache' => true,
    'database' => __DIR__ . '/../../cms.db',
];
