<?php
// Who may edit what.
require __DIR__ . '/../config/site.php';
require __DIR__ . '/../includes/db.php';
require __DIR__ . '/../includes/render.php';

if (!is_administrator()) {
    redirect('/admin/login');
}
render('users', ['users' => rows('SELECT id, name, role FROM user ORDER BY name')]);
