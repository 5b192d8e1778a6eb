//! Lines, one after the other.

/// The lines of one or several files.
pub(super) struct Lines<'l> {
    lines: Vec<&'l [u8]>,
    next: usize,
    /// Whether the last one ends with a newline.
    pub ended: bool,
}

impl<'l> Lines<'l> {
    pub(super) fn new(files: &[&'l [u8]]) -> Self {
        let mut lines = Vec::new();
        let mut ended = true;
        for file in files {
            lines.extend(
                file.split_inclusive(|byte| *byte == b'\n')
                    .map(|line| line.strip_suffix(b"\n").unwrap_or(line)),
            );
            if let Some(last) = file.last() {
                ended = *last == b'\n';
            }
        }
        Self {
            lines,
            next: 0,
            ended,
        }
    }

    pub(super) fn is_last(&self) -> bool {
        self.next >= self.lines.len()
    }

    pub(super) fn take(&mut self) -> Option<&'l [u8]> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some(line)
    }
}
