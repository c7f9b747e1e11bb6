//! The real disk: links lead nowhere, nothing is replaced unasked, and the lock dies with its holder.

use super::*;
use std::os::unix::fs::symlink;

fn disk() -> (tempfile::TempDir, RealDisk) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("root/a")).unwrap();
    std::fs::create_dir(folder.path().join("state")).unwrap();
    let disk = RealDisk::open(&folder.path().join("root"), &folder.path().join("state")).unwrap();
    (folder, disk)
}

fn root(path: &str) -> Place {
    Place::root(&SitePath::new(path).unwrap())
}

fn state(path: &str) -> Place {
    Place::state(&SitePath::new(path).unwrap())
}

#[test]
fn a_link_planted_in_the_tree_leads_nowhere() {
    // A2
    let (folder, disk) = disk();
    std::fs::create_dir(folder.path().join("outside")).unwrap();
    std::fs::write(folder.path().join("outside/secret"), "x").unwrap();
    symlink("../outside", folder.path().join("root/link")).unwrap();
    symlink("../outside/secret", folder.path().join("root/file")).unwrap();
    assert!(disk.create(&root("link/new"), b"").is_err());
    assert!(disk.open(&root("link/secret")).is_err());
    assert!(disk.open(&root("file")).is_err());
    assert!(disk.append(&root("file"), b"y").is_err());
    assert!(disk.set_mode(&root("file"), 0o600).is_err());
    assert_eq!(std::fs::read(folder.path().join("outside/secret")).unwrap(), b"x");
}

#[test]
fn an_exchange_leaves_the_old_bytes_in_the_slot() {
    let (folder, disk) = disk();
    disk.create(&root("a/f"), b"old").unwrap();
    disk.create(&state("0"), b"new").unwrap();
    disk.exchange(&state("0"), &root("a/f")).unwrap();
    assert_eq!(std::fs::read(folder.path().join("root/a/f")).unwrap(), b"new");
    assert_eq!(std::fs::read(folder.path().join("state/0")).unwrap(), b"old");
}

#[test]
fn an_exchange_by_link_ends_as_a_real_one_does() {
    let (folder, disk) = disk();
    disk.create(&root("a/f"), b"old").unwrap();
    disk.create(&state("0"), b"new").unwrap();
    let (slots, live) = (disk.parent(&state("0")).unwrap(), disk.parent(&root("a/f")).unwrap());
    exchange_by_link(slots.as_fd(), "0", live.as_fd(), "f").unwrap();
    assert_eq!(std::fs::read(folder.path().join("root/a/f")).unwrap(), b"new");
    assert_eq!(std::fs::read(folder.path().join("state/0")).unwrap(), b"old");
    assert_eq!(disk.list(Area::State, None).unwrap().len(), 1);
}

#[test]
fn walking_name_by_name_refuses_links_as_openat2_does() {
    let (folder, disk) = disk();
    symlink("a", folder.path().join("root/link")).unwrap();
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    assert!(walk_beneath(disk.root.as_fd(), &SitePath::new("a").unwrap(), flags).is_ok());
    assert!(walk_beneath(disk.root.as_fd(), &SitePath::new("link").unwrap(), flags).is_err());
}

#[test]
fn a_move_never_replaces() {
    let (_folder, disk) = disk();
    disk.create(&root("a/f"), b"mine").unwrap();
    disk.create(&state("0"), b"new").unwrap();
    assert!(disk.rename(&state("0"), &root("a/f")).is_err());
}

#[test]
fn a_pipe_at_a_path_does_not_hang_the_reader() {
    let (folder, disk) = disk();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.path().join("root/pipe"),
        FileType::Fifo,
        Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(disk.open(&root("pipe")).is_err());
}

#[test]
fn the_lock_is_free_again_when_its_holder_is_gone() {
    let (_folder, disk) = disk();
    let held = disk.lock().unwrap();
    assert!(held.is_some());
    assert!(disk.lock().unwrap().is_none());
    drop(held);
    assert!(disk.lock().unwrap().is_some());
}
