<?php
// Puts contents into templates.
require __DIR__ . '/format.php';

function render(string $template, array $values): void
{
    extract($values);
    require __DIR__ . '/../templates/header.html';
    require __DIR__ . '/../templates/' . $template . '.html';
    require __DIR__ . '/../templates/footer.html';
}

function render_page(string $slug): void
{
    $page = rows('SELECT title, body FROM page WHERE slug = ?', [$slug])[0] ?? null;
    $page === null ? http_response_code(404) : render('page', ['page' => $page]);
}

function stylesheet(): string
{
    return '/assets/style.css';
}
