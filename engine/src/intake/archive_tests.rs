//! Archives as they should and should not be, built by hand.

use super::super::testing::{entry, file, gzip, manifest, patch_with, pax, raw_entry, read, read_within, tar};
use super::super::{Fault, Limits, read_patch, small_sums, testing::Uses};
use super::*;
use crate::site::contents::{Contents, ContentsWriter, Scratch};
use patchwright_hooks_api::Payload;
use proptest::prelude::*;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use tar::{EntryType, Header};

fn message(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

fn assert_refused(bytes: &[u8], why: &str) {
    let message = message(bytes);
    assert!(message.contains(why), "{message:?} does not say {why:?}");
}

#[test]
fn tar_and_tar_gz_are_told_apart_by_content() {
    // A1
    let bytes = patch_with(&["files/a"], &[file("files/a", b"payload")]);
    for bytes in [bytes.clone(), gzip(&bytes), [gzip(&bytes[..700]), gzip(&bytes[700..])].concat()] {
        let patch = read(&bytes).unwrap();
        assert_eq!(patch.members.read("files/a").unwrap(), b"payload");
        assert_eq!(patch.members.entry("files/a").unwrap().sha256, Sum(sha2::Sha256::digest(b"payload").into()));
        assert_eq!(patch.sha256, Sum(sha2::Sha256::digest(&bytes).into()), "the archive's own digest");
    }
}

#[test]
fn the_sums_of_small_archives_are_those_of_their_bytes_and_large_ones_are_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = patch_with(&["files/a"], &[file("files/a", b"payload")]);
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let small = put("small.tar", &bytes);
    let offered = [small.clone(), put("large.tar", &vec![0; 2 << 20]), folder.path().to_owned()];
    let sum = read(&bytes).unwrap().sha256.to_string();
    assert_eq!(small_sums(&offered), BTreeMap::from([(small.as_path(), sum)]));
}

// A1
#[test]
fn anything_else_is_refused_and_named() {
    let cases: [(&[u8], &str); 11] = [
        (b"", "an empty file"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\xfd7zXZ\0rest", "an xz file"),
        (b"BZh9", "a bzip2 file"),
        (b"\xef\xbb\xbf\n<!DOCTYPE HTML><html>", "an HTML page"),
        (b"<?xml version='1.0'?>", "an XML file"),
        (b" {\"error\":1}", "a JSON file"),
        (b"hello", "something else"),
        (&gzip(b"hello"), "a gzip file of something else"),
        (&[7; 4096], "something else"),
        (&gzip(b""), "a gzip file of something else"),
    ];
    for (bytes, seems) in cases {
        let error = read(bytes).unwrap_err();
        assert!(matches!(error.fault, Fault::NotAnArchive { .. }), "{error}");
        assert!(error.to_string().contains(seems), "{error} does not say {seems:?}");
    }
    let mut damaged = patch_with(&[], &[]);
    damaged[0] ^= 1;
    assert_refused(&damaged, "a tar archive whose first header is damaged");
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let error = read_patch(Path::new("/"), Arc::new(Scratch::new()), &Uses, &Limits::default(), &|_| {}).unwrap_err();
    assert!(matches!(error.fault, Fault::NotAFile));
    let gone = read_patch(Path::new("/nowhere"), Arc::new(Scratch::new()), &Uses, &Limits::default(), &|_| {});
    assert!(matches!(gone.unwrap_err().fault, Fault::Read { .. }));
}

// A2
#[test]
fn only_regular_files_and_directories_are_taken() {
    let kinds = [
        (EntryType::Symlink, "a symbolic link"),
        (EntryType::Link, "a hard link"),
        (EntryType::Char, "a device"),
        (EntryType::Block, "a device"),
        (EntryType::Fifo, "a pipe"),
        (EntryType::GNUSparse, "a sparse file"),
        (EntryType::GNULongLink, "a symbolic link"),
        (EntryType::Continuous, "of an unknown type"),
        (EntryType::new(b'V'), "of an unknown type"),
    ];
    for (kind, why) in kinds {
        assert_refused(&patch_with(&[], &[entry(b"files/a", kind, b"")]), why);
    }
    assert_refused(&patch_with(&[], &[entry(b"files", EntryType::Directory, b"x")]), "a directory with content");
    read(&patch_with(&["files/a"], &[entry(b"./files/", EntryType::Directory, b""), file("./files/a", b"")])).unwrap();
}

// A2
#[test]
fn names_that_are_unsafe_or_mean_two_things_are_refused() {
    let cases: [(&[&[u8]], &str); 9] = [
        (&[b"/etc/passwd"], "absolute"),
        (&[b"../x"], ".."),
        (&[b"files/../../x"], ".."),
        (&[b"files\\x"], "backslash"),
        (&[b"files/a\nb"], "control character"),
        (&[b"files/\xe9"], "not UTF-8"),
        (&[b"files/a", b"files/a"], "there twice"),
        (&[b"files/a", b"files/a/b"], "both a file and a directory"),
        (&[b"files/a", b"Files/b"], "only in upper and lower case"),
    ];
    for (names, why) in cases {
        let entries: Vec<_> = names.iter().map(|name| entry(name, EntryType::Regular, b"")).collect();
        assert_refused(&patch_with(&[], &entries), why);
    }
    assert_refused(&patch_with(&[], &[file("./patch.xml", b"")]), "there twice");
}

#[test]
fn long_names_come_from_gnu_and_pax_headers() {
    let name = format!("files/{}/{}", "a".repeat(120), "b".repeat(120));
    let gnu = entry(b"././@LongLink", EntryType::GNULongName, format!("{name}\0").as_bytes());
    let records = [pax("mtime", "1.5"), pax("path", &name), pax("size", "1")].concat();
    let pax = entry(b"PaxHeaders/x", EntryType::XHeader, &records);
    for header in [gnu, pax] {
        let patch = read(&patch_with(&[&name], &[header, file("files/cut", b"x")])).unwrap();
        assert_eq!(patch.members.read(&name).unwrap(), b"x");
    }
    let mut builder = tar::Builder::new(Vec::new());
    let text = manifest(&format!("<use payload=\"{name}\"/>"));
    for (name, bytes) in [("patch.xml", text.as_bytes()), (name.as_str(), b"x")] {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes).unwrap();
    }
    assert_eq!(read(&builder.into_inner().unwrap()).unwrap().members.read(&name).unwrap(), b"x");
}

#[test]
fn a_commit_noted_by_git_archive_is_ignored() {
    let note = entry(b"pax_global_header", EntryType::XGlobalHeader, &pax("comment", "0123abc"));
    let bytes = tar(&[note, file("patch.xml", manifest("<use/>").as_bytes())]);
    assert_eq!(read(&bytes).unwrap().members.names().collect::<Vec<_>>(), ["patch.xml"]);
}

#[test]
fn headers_that_hide_or_contradict_something_are_refused() {
    let x = |records: &[u8]| entry(b"x", EntryType::XHeader, records);
    let long = |size| entry(b"L", EntryType::GNULongName, &vec![b'a'; size]);
    let cases = [
        (vec![x(&pax("size", "9")), file("files/a", b"x")], "disagree about its size"),
        (vec![x(&pax("size", "-1")), file("files/a", b"x")], "a size that is no number"),
        (vec![x(&pax("GNU.sparse.major", "1")), file("files/a", b"x")], "a sparse file"),
        (vec![x(b"nonsense\n"), file("files/a", b"x")], "malformed pax"),
        (vec![x(&pax("path", "../x")), file("files/a", b"x")], ".."),
        (vec![x(&vec![b'\n'; 5000]), file("files/a", b"x")], "has 5000 bytes"),
        (vec![long(5000), file("files/a", b"x")], "has 5000 bytes"),
        (vec![long(9), long(9), file("files/a", b"x")], "two headers name"),
        (vec![long(9), x(&pax("path", "b")), file("files/a", b"x")], "two headers name"),
        (vec![long(9)], "without an entry"),
        (vec![entry(b"g", EntryType::XGlobalHeader, &pax("path", "b"))], "a global PAX header"),
    ];
    for (entries, why) in cases {
        assert_refused(&patch_with(&[], &entries), why);
    }
}

#[test]
fn a_huge_declared_size_is_refused_before_anything_is_read() {
    let mut header = Header::new_gnu();
    header.set_path("files/a").unwrap();
    header.set_size(u64::MAX >> 2);
    header.set_cksum();
    let mut bytes = file("patch.xml", manifest("<use/>").as_bytes());
    bytes.extend(header.as_bytes());
    assert_refused(&bytes, "unpacks to too many bytes");
}

#[test]
fn every_limit_is_held() {
    let limits = Limits::default();
    let bytes = patch_with(&["files/a"], &[file("files/a", &[0; 2000])]);
    let cases = [
        (Limits { entries: 1, ..limits.clone() }, "too many entries (limit: 1)"),
        (Limits { member_bytes: 1999, ..limits.clone() }, "\"files/a\" has 2000 bytes (limit: 1999)"),
        (Limits { total_bytes: 2000, ..limits.clone() }, "too many bytes (limit: 2000)"),
        (Limits { total_bytes: bytes.len() as u64 - 1, ..limits.clone() }, "too many bytes"),
        (Limits { manifest_bytes: 100, ..limits.clone() }, "its patch.xml has"),
    ];
    for (limits, why) in cases {
        let message = read_within(&bytes, &limits).unwrap_err().to_string();
        assert!(message.contains(why), "{message:?} does not say {why:?}");
    }
    read_within(&bytes, &Limits { entries: 2, member_bytes: 2000, total_bytes: bytes.len() as u64, ..limits }).unwrap();
}

#[test]
fn a_gzip_bomb_is_stopped_by_its_ratio() {
    let bomb = gzip(&patch_with(&["files/a"], &[file("files/a", &vec![0; 80 << 20])]));
    assert!(bomb.len() < 500_000);
    assert_refused(&bomb, "too many times its own size (limit: 200)");
}

#[test]
fn every_archive_that_is_cut_off_is_refused() {
    let bytes = patch_with(&["files/a"], &[file("files/a", &[1; 600])]);
    let end = bytes.len() - 1024;
    for length in (0..end + 512).step_by(64) {
        assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes were accepted", bytes.len());
    }
    read(&bytes[..end + 512]).unwrap();
    let compressed = gzip(&bytes);
    for length in 0..compressed.len() {
        assert!(read(&compressed[..length]).is_err(), "{length} of {} bytes were accepted", compressed.len());
    }
}

#[test]
fn after_the_end_only_zeros_may_come() {
    let bytes = patch_with(&[], &[]);
    read(&[bytes.as_slice(), &[0; 20_480]].concat()).unwrap();
    assert_refused(&[bytes.as_slice(), b"x"].concat(), "after the mark of its end");
    assert_refused(&[bytes.as_slice(), &file("files/hidden", b"")].concat(), "after the mark of its end");
    assert_refused(&[gzip(&bytes), b"garbage".to_vec()].concat(), "can't be decompressed");
    let mut flipped = gzip(&bytes);
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    assert_refused(&flipped, "can't be decompressed");
}

#[test]
fn a_damaged_header_is_told_with_its_place() {
    let mut bytes = patch_with(&["files/a"], &[file("files/a", b"x")]);
    bytes[1024] ^= 1;
    assert_refused(&bytes, "the header at byte 1024");
    let mut header = Header::new_ustar();
    header.set_path("files/a").unwrap();
    let mut crooked = raw_entry(header, b"");
    crooked[124..135].copy_from_slice(b"zzzzzzzzzzz");
    let mut header = Header::new_old();
    header.as_mut_bytes().copy_from_slice(&crooked[..512]);
    header.set_cksum();
    assert_refused(&patch_with(&[], &[header.as_bytes().to_vec()]), "size");
}

#[test]
fn the_manifest_must_stand_at_the_top() {
    let text = manifest("<use/>");
    let error = read(&tar(&[file("acme-1.0.1/patch.xml", text.as_bytes())])).unwrap_err();
    assert!(error.to_string().ends_with("holds no patch.xml at its top, only \"acme-1.0.1/patch.xml\""), "{error}");
    assert_eq!(error.hint(), Some("pack the folder's content, not the folder"));
    assert!(message(&tar(&[])).ends_with("holds no patch.xml at its top"));
}

#[test]
fn members_that_nothing_refers_to_are_refused() {
    // C19
    let entries = [file("files/a", b""), file("files/stray", b""), file("README.md", b""), file("CHANGELOG.md", b"")];
    assert_refused(
        &patch_with(&["files/a"], &entries),
        "a member that the manifest does not refer to: \"files/stray\"",
    );
}

#[test]
fn large_and_small_members_are_hashed_and_kept_alike() {
    let sizes = [0, 1, 511, 512, 513, 70_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20];
    let names: Vec<String> = (0..sizes.len()).map(|at| format!("files/{at}")).collect();
    let contents: Vec<Vec<u8>> = sizes.iter().map(|size| (0..*size).map(|at| (at % 251) as u8).collect()).collect();
    let entries: Vec<_> = names.iter().zip(&contents).map(|(name, content)| file(name, content)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let patch = read(&gzip(&patch_with(&names, &entries))).unwrap();
    for (name, content) in names.iter().zip(&contents) {
        assert!(patch.members.read(name).unwrap() == *content, "{name}");
        let entry = patch.members.entry(name).unwrap();
        assert_eq!(entry.sha256, Sum(sha2::Sha256::digest(content).into()));
        assert_eq!(entry.size, content.len() as u64);
    }
}

/// A store that fails at one slot.
struct Failing(u32, Mutex<u32>);

impl Contents for Failing {
    fn create(&self, _slot: u32, _size: u64) -> io::Result<Box<dyn ContentsWriter + '_>> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn write(&self, slot: u32, _bytes: &[u8]) -> io::Result<()> {
        *self.1.lock().unwrap() += 1;
        if slot == self.0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn open(&self, _slot: u32) -> io::Result<Box<dyn Read + Send + '_>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_store_that_fails_is_told_with_the_member() {
    let many: Vec<_> = (0..2000).map(|at| file(&format!("files/{at}"), &[7; 9000])).collect();
    for (entries, name) in [(many, "files/300"), (vec![file("files/large", &vec![0; 2 << 20])], "files/large")] {
        let mut archive = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut archive, &patch_with(&[], &entries)).unwrap();
        let store = Arc::new(Failing(301, Mutex::new(0)));
        match decode(archive.path(), store, &Limits::default(), &|_| {}).map(drop) {
            Err(Fault::Store { member, source }) => {
                assert_eq!((member.as_str(), source.kind()), (name, io::ErrorKind::StorageFull));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A store in which nobody gets on before the thread that reads the archive has stored something itself.
struct Waiting {
    reader: ThreadId,
    has_stored: Mutex<bool>,
    told: Condvar,
}

impl Contents for Waiting {
    fn create(&self, _slot: u32, _size: u64) -> io::Result<Box<dyn ContentsWriter + '_>> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn write(&self, _slot: u32, _bytes: &[u8]) -> io::Result<()> {
        let mut has_stored = self.has_stored.lock().unwrap();
        *has_stored |= thread::current().id() == self.reader;
        self.told.notify_all();
        drop(self.told.wait_while(has_stored, |has_stored| !*has_stored).unwrap());
        Ok(())
    }

    fn open(&self, _slot: u32) -> io::Result<Box<dyn Read + Send + '_>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn who_decodes_stores_what_the_workers_have_no_time_for() {
    let many: Vec<_> = (0..400).map(|at| file(&format!("files/{at}"), &[7; 9000])).collect();
    let mut archive = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut archive, &patch_with(&[], &many)).unwrap();
    let store = Waiting { reader: thread::current().id(), has_stored: Mutex::default(), told: Condvar::new() };
    let decoded = decode(archive.path(), Arc::new(store), &Limits::default(), &|_| {}).unwrap();
    assert_eq!(decoded.members.names().count(), 401);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_intake_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        prop_assert!(read(&bytes).is_err());
        prop_assert!(read(&gzip(&bytes)).is_err());
    }

    #[test]
    fn no_damaged_archive_is_taken_for_another_one(at in 0_usize..3072, flip in 1_u8..) {
        let mut bytes = patch_with(&["files/a"], &[file("files/a", b"payload")]);
        bytes[at] ^= flip;
        // What a tar's checksums don't cover is content and padding; content changes its digest.
        if let Ok(patch) = read(&bytes) {
            prop_assert_eq!(patch.members.slot("files/a"), Some(1));
            prop_assert_ne!(patch.sha256, read(&patch_with(&["files/a"], &[file("files/a", b"payload")])).unwrap().sha256);
        }
    }
}
