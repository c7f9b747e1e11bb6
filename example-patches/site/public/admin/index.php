<?php
// The desk of the editors.
require __DIR__ . '/../config/site.php';
require __DIR__ . '/../includes/db.php';
require __DIR__ . '/../includes/render.php';

if (!is_editor()) {
    redirect('/admin/login');
}
render('admin', ['pages' => rows('SELECT id, title, tags FROM page ORDER BY title')]);
