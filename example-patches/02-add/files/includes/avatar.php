<?php
// Finds the picture of a user.
function avatar(int $user): string
{
    $own = "/uploads/avatars/$user.png";
    return is_file(__DIR__ . '/..' . $own) ? $own : '/assets/avatar.png';
}
