<?php
// Every request enters here.
require __DIR__ . '/config/site.php';
require __DIR__ . '/includes/db.php';
require __DIR__ . '/includes/render.php';

$route = trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');

switch ($route) {
    case '':
        render_page('home');
        break;
    case 'forum':
        require __DIR__ . '/includes/forum.php';
        show_forum();
        break;
    default:
        render_page($route);
}
