//! The node and the machine that it runs on: signals, names, kinds of addresses.

use crate::node::Node;
use std::net::{TcpListener, TcpStream};

#[test]
fn a_closed_terminal_stops_the_node_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start(&data);
    node.run(&["topic", "create", "t"]);
    node.hang_up();
    assert!(node.ended().success());
    assert!(data.join(".kafka_cleanshutdown").exists());
}

#[test]
fn a_node_that_shall_outlive_its_terminal_does() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_under("trap '' HUP", &folder.path().join("data"), &[]);
    node.hang_up();
    node.run(&["topic", "create", "t"]);
    assert!(node.stop().0.success());
}

#[test]
fn without_a_host_every_interface_is_listened_on_and_clients_are_told_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start_with(&data, &["listeners=PLAINTEXT://:0"]);
    let port = node.address().rsplit_once(':').unwrap().1.to_owned();
    TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    if TcpListener::bind("[::1]:0").is_ok() {
        TcpStream::connect(format!("[::1]:{port}")).unwrap();
    }
    // Goes where metadata says.
    node.run(&["topic", "create", "t"]);
    node.run_with_input(&["produce", "t"], b"hello\n");
}
