fn main() {
    println!("{}", sums::total(&[1250, -300, 42]));
    println!("{:?}", std::net::ToSocketAddrs::to_socket_addrs("localhost:80").map(|mut found| found.next().is_some()));
}
