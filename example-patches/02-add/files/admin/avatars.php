<?php
// Takes the picture that a user uploads.
require __DIR__ . '/../../includes/db.php';
require __DIR__ . '/../../includes/avatar.php';

move_uploaded_file($_FILES['picture']['tmp_name'], __DIR__ . '/../../uploads/avatars/' . (int) $_POST['user'] . '.png');
