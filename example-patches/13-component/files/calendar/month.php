<?php
// The events of a month, in the order of their beginnings.
function calendar_month(PDO $db, string $month): array
{
    $events = $db->prepare('SELECT title, place, begins FROM event WHERE begins LIKE ? ORDER BY begins');
    $events->execute([$month . '-%']);
    return $events->fetchAll(PDO::FETCH_ASSOC);
}
