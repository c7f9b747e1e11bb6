//! Restart commands and the probe of a site's owner: after an upgrade, after a way back, after a kill (A44, B19).

use crate::world::World;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// Notes the version that it is given, and whether the gate is shut by then.
const NOTES: &str = "command = ['sh', '-c', 'echo $PATCHWRIGHT_VERSION $(ls .patchwright/gate.json) >> restarted']\n";

/// The site `acme 1.0.0` with two patches, and with this in its configuration.
fn with(settings: &str) -> World {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    world.patch("1.0.1", "1.0.2", "<add path='b.txt'/>", &[("files/b.txt", "b")]);
    let config = world.read("patchwright.toml");
    world.write("plain.toml", &config);
    world.write("patchwright.toml", &format!("{config}{settings}"));
    world
}

fn pending(world: &World) -> serde_json::Value {
    world.json("status").0["restart-pending"].clone()
}

#[test]
fn restarts_are_named_by_the_plan_and_run_once_behind_the_shut_gate_after_an_upgrade_and_a_way_back() {
    // A44 B19
    let mut world = with(&format!(
        "[[restart]]\nname = 'php'\n{NOTES}[[restart]]\nname = 'cache'\ncommand = ['true']\n\
         [probe]\ncommand = ['tail', '-n1', 'restarted']\nexpect = '{{version}}'\n"
    ));
    let (plan, _) = world.json("plan patches");
    assert_eq!(plan["after"]["restarts"][1]["command"][0], "true");
    assert_eq!(plan["after"]["probe"]["deadline"], "1m");
    world.run("plan patches -q").run("apply patches --yes").run("status").run("rollback --to 1.0.0 --yes");
    world.run("restart");
    assert_eq!(world.read("restarted"), "1.0.2 .patchwright/gate.json\n1.0.0 .patchwright/gate.json\n");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_restart_that_fails_leaves_the_patch_in_force_and_is_due_until_it_succeeds() {
    // B19
    let mut world = with("[[restart]]\nname = 'php'\ncommand = ['sh', '-c', 'echo no such unit >&2; exit 5']\n");
    world.run("apply patches --yes -q").run("status").run("doctor").run("restart");
    assert!(pending(&world)["failed"].as_str().unwrap().contains("exit code 5"));
    assert_eq!(pending(&world)["retry"], "patchwright restart");
    let mended = format!("{}[[restart]]\nname = 'php'\ncommand = ['true']\n", world.read("plain.toml"));
    world.write("patchwright.toml", &mended);
    world.note("the command is mended").run("restart").run("restart").run("status");
    assert!(pending(&world).is_null());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_restart_that_takes_too_long_is_stopped() {
    // B19
    let world = with("[[restart]]\nname = 'php'\ncommand = ['sleep', '60']\ntimeout = '200ms'\n");
    let began = Instant::now();
    let (ended, code) = world.json("apply patches --yes");
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!((code, &ended["state"]), (31, &"restart-pending".into()), "{ended}");
    assert!(ended["error"]["message"].as_str().unwrap().contains("still running after 0.2 s"), "{ended}");
    assert_eq!(ended["receipts"].as_array().unwrap().len(), 2);
    assert!(world.json("status").0["gate"]["run"].is_null());
}

#[test]
fn by_the_site_s_policy_a_plan_is_taken_back_whole_after_which_the_site_is_not_healthy() {
    // B19
    let mut world = with(&format!(
        "[[restart]]\nname = 'php'\n{NOTES}\
         [probe]\ncommand = ['sh', '-c', 'test $PATCHWRIGHT_VERSION = 1.0.0']\ndeadline = '100ms'\n\
         [policy]\nunhealthy = 'roll-back'\n"
    ));
    world.run("apply patches --yes").run("history").run("status");
    assert_eq!(world.read("restarted"), "1.0.2 .patchwright/gate.json\n1.0.0 .patchwright/gate.json\n");
    assert!(!world.path("public/a.txt").exists() && !world.path("public/b.txt").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn where_nobody_is_there_the_patches_stay_and_the_command_that_takes_them_back_is_told() {
    // B19
    let probe = "[probe]\ncommand = ['sh', '-c', 'echo down; test $PATCHWRIGHT_VERSION = 1.0.0']\ndeadline = '100ms'\n";
    let mut world = with(probe);
    world.run("apply patches --yes -q").run("status").run("rollback --to 1.0.0 --yes -q").run("status");
    world.write("answers.toml", "[\"acme-1.0.2\"]\nunhealthy = \"roll-back\"\n");
    world.note("an answer is given in advance").run("apply patches --yes -q --decisions answers.toml");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_way_back_that_is_refused_is_told_and_the_patch_stays() {
    // B19
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<sql>CREATE TABLE gone (id INTEGER)</sql>", &[]);
    let config = world.read("patchwright.toml");
    let settings = "[probe]\ncommand = ['false']\ndeadline = '100ms'\n[policy]\nunhealthy = 'roll-back'\n";
    world.write("patchwright.toml", &format!("{config}{settings}"));
    world.run("apply patches --yes -q");
    assert_eq!(world.json("status").0["version"], "1.0.1");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn who_is_killed_over_a_restart_leaves_the_gate_shut_and_the_restart_to_recovery() {
    // A43 B19
    let mut world = with(
        "[[restart]]\nname = 'php'\ncommand = ['sh', '-c', 'echo $PATCHWRIGHT_VERSION >> restarted; test -e go || sleep 60']\n",
    );
    let mut running = world.start(&["apply", "patches", "--yes"]);
    let began = Instant::now();
    while !world.path("restarted").exists() {
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(10));
    }
    running.kill().unwrap();
    assert_eq!(running.wait().unwrap().signal(), Some(9));
    let (status, code) = world.json("status");
    assert_eq!((code, &status["needs-recovery"]), (32, &true.into()));
    assert!(status["restart-pending"]["message"].as_str().unwrap().contains("1.0.0 to 1.0.2"), "{status}");
    world.write("go", "");
    world.run("recover").run("status");
    assert_eq!(world.read("restarted"), "1.0.2\n1.0.2\n");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_signal_ends_a_restart_that_runs_and_leaves_it_due() {
    // B19
    let world = with("[[restart]]\nname = 'php'\ncommand = ['sleep', '60']\n");
    let mut running = world.start(&["apply", "patches", "--yes"]);
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line == "restarting php"));
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
    let said: Vec<String> = said.collect();
    assert_eq!(running.wait().unwrap().code(), Some(31), "{said:?}");
    assert!(said.iter().any(|line| line.ends_with("was called off")), "{said:?}");
    assert!(!pending(&world).is_null());
    assert_eq!(world.json("status").0["version"], "1.0.2");
}

#[test]
fn doctor_finds_what_could_not_run() {
    // B19
    let mut world = with(
        "[[restart]]\nname = 'php'\ncommand = ['no-such-program']\n[[restart]]\nname = 'own'\ncommand = ['./plain.toml']\n\
         [probe]\nurl = 'http://cms.example:port/'\n",
    );
    world.run("doctor");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_probe_asks_an_address_until_it_answers_with_the_version() {
    // B19
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let world =
        with(&format!("[probe]\nurl = 'http://{address}/health'\nexpect = 'acme {{version}}'\ndeadline = '3s'\n"));
    let server = thread::spawn(move || {
        let answers = [("503 Busy", ""), ("200 OK", "acme 1.0.0"), ("200 OK", "acme 1.0.2")];
        for (status, text) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /health "));
            let length = text.len();
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}").unwrap();
        }
    });
    let (ended, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{ended}");
    server.join().unwrap();
    // Nobody listens any more.
    let probed = world.json("rollback --yes");
    assert_eq!(probed.1, 31, "{}", probed.0);
}

#[test]
fn before_an_application_s_own_start_nothing_is_restarted_or_asked() {
    // B18 B19
    let world = with("[[restart]]\nname = 'php'\ncommand = ['false']\n[probe]\ncommand = ['false']\n");
    let (ended, code) = world.json("ensure patches --to 1.0.2");
    assert_eq!((code, &ended["version"]), (0, &"1.0.2".into()), "{ended}");
    assert!(pending(&world).is_null());
}

#[test]
fn a_script_runs_a_command_that_the_site_s_owner_grants_and_no_other() {
    // A17 A44
    let script = "fn after() { log::info(site::run(\"rebuild\")) }";
    let steps = "<script><runs command='rebuild'/></script>";
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", steps, &[("upgrade.rhai", script)]);
    world.run("apply patches --yes");
    let config = world.read("patchwright.toml");
    let granted = "[[command]]\nname = 'rebuild'\ncommand = ['sh', '-c', 'echo rebuilt for $PATCHWRIGHT_VERSION']\n";
    world.write("patchwright.toml", &format!("{config}{granted}"));
    world.note("the command is granted").run("apply patches --yes");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_command_of_a_script_that_fails_leaves_the_patch_in_force_and_its_hook_to_be_done() {
    // A44
    let script = "fn after() { fs::write(\"done.txt\", site::run(\"rebuild\")) }";
    let steps = "<script><runs command='rebuild'/></script>";
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", steps, &[("upgrade.rhai", script)]);
    let config = world.read("patchwright.toml");
    let fails = "[[command]]\nname = 'rebuild'\ncommand = ['sh', '-c', 'echo no index >&2; exit 4']\n";
    world.write("patchwright.toml", &format!("{config}{fails}"));
    world.run("apply patches --yes -q").run("status");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_script_asks_on_the_web_whom_the_owner_grants_once_its_patch_is_in_force() {
    // A44
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let script = |hook: &str| {
        format!(
            "fn {hook}() {{ let said = http::post(\"{origin}/reindex\", site::to(), #{{\"X-Key\": \"k\"}});\n\
             log::note(`search answered ${{said.status}}: ${{said.body}}`) }}"
        )
    };
    let steps = format!("<script><reaches origin='{origin}'/></script>");
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", &steps, &[("upgrade.rhai", &script("after"))]);
    let (refused, code) = world.json("apply patches --yes");
    assert_eq!(code, 20, "{refused}");
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("origins = ['{origin}']\n{config}"));
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 4096];
        let mut length = 0;
        while !request[..length].ends_with(b"\r\n\r\n1.0.1") {
            length += stream.read(&mut request[length..]).unwrap();
        }
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nsoon").unwrap();
        String::from_utf8(request[..length].to_vec()).unwrap()
    });
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
    assert_eq!(applied["receipts"][0]["notes"][0], "search answered 202: soon");
    let asked = asked.join().unwrap();
    assert!(asked.starts_with("POST /reindex HTTP/1.1\r\n") && asked.contains("x-key: k\r\n"), "{asked}");

    world.patch("1.0.1", "1.0.2", &steps, &[("upgrade.rhai", &script("upgrade"))]);
    let (early, code) = world.json("plan patches");
    assert_eq!(code, 20, "{early}");
    assert!(early.to_string().contains("before the patch is in force"), "{early}");
}
