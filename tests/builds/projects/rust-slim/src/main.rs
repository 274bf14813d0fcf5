use std::{env, fs};

fn main() {
    let path = env::var("WORDS").expect("WORDS names a file");
    for word in fs::read_to_string(path).expect("words").split_whitespace() {
        let code: Vec<&str> = word.chars().map(letter).collect();
        println!("{word}: {}", code.join(" "));
    }
}

fn letter(letter: char) -> &'static str {
    match letter {
        'e' => ".",
        'i' => "..",
        'm' => "--",
        'n' => "-.",
        's' => "...",
        't' => "-",
        _ => "?",
    }
}
