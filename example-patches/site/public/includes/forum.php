<?php
// Shows the forum.
function show_forum(): void
{
    foreach (rows('SELECT name, body FROM post ORDER BY id DESC') as $post) {
        echo '<h2>' . $post['name'] . '</h2>';
        echo '<p>' . htmlspecialchars($post['body']) . '</p>';
    }
}
