pub fn total(entries: &[i64]) -> i64 {
    entries.iter().sum()
}
