//! Parses the command line and hands over. Nothing else.

fn main() {}
