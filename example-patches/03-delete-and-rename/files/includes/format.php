<?php
// Small things with text.
function shorten(string $text, int $length): string
{
    return mb_strlen($text) <= $length ? $text : mb_substr($text, 0, $length - 1) . '…';
}

function paragraphs(string $text): string
{
    return '<p>' . implode('</p><p>', explode("\n\n", htmlspecialchars($text))) . '</p>';
}
