//! One output stream of a command, cut at the tokens that its shell prints.

use super::sys;

/// So much of what came before the start is kept, to explain a refusal.
const NOISE: usize = 8 * 1024;

/// One output stream, cut at the tokens.
#[derive(Default)]
pub(super) struct Side {
    pub(super) state: State,
    /// Before: what came so far. Running: what may be the beginning of the token. Ended: the status.
    pub(super) held: Vec<u8>,
}

/// How far a stream has come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// What comes is noise.
    #[default]
    Before,
    /// What comes is the command's.
    Running,
    /// What comes is the status.
    Status,
    /// What comes is none of ours.
    Ended,
}

impl Side {
    /// Takes in `bytes`; hands the command's own to `output`, in pieces that are never empty.
    pub(super) fn received(&mut self, token: &[u8], bytes: &[u8], output: &mut dyn FnMut(&[u8])) {
        let joined;
        let mut rest = match self.state {
            // The common case, without a copy.
            State::Running if self.held.is_empty() => bytes,
            State::Ended => return,
            _ => {
                self.held.extend_from_slice(bytes);
                joined = std::mem::take(&mut self.held);
                &joined
            }
        };
        if let State::Before = self.state {
            let Some(at) = sys::find(rest, token) else {
                self.held = rest[rest.len().saturating_sub(NOISE)..].to_vec();
                return;
            };
            self.state = State::Running;
            rest = &rest[at + token.len()..];
        }
        if let State::Running = self.state {
            match sys::find(rest, token) {
                Some(at) => {
                    if at > 0 {
                        output(&rest[..at]);
                    }
                    self.state = State::Status;
                    rest = &rest[at + token.len()..];
                }
                None => {
                    let (sure, maybe) = rest.split_at(rest.len() - beginning(rest, token));
                    if !sure.is_empty() {
                        output(sure);
                    }
                    self.held = maybe.to_vec();
                    return;
                }
            }
        }
        if let State::Status = self.state {
            match rest.iter().position(|byte| *byte == b';') {
                Some(end) => {
                    self.state = State::Ended;
                    self.held = rest[..end].to_vec();
                }
                None => self.held = rest.to_vec(),
            }
        }
    }
}

/// How many bytes at the end of `bytes` may be the beginning of `token`.
fn beginning(bytes: &[u8], token: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(token.len() - 1);
    bytes[from..]
        .iter()
        .position(|byte| *byte == token[0])
        .map_or(0, |_| {
            (from..bytes.len())
                .find(|at| token.starts_with(&bytes[*at..]))
                .map_or(0, |at| bytes.len() - at)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &[u8] = b":ocpdg-0123";

    /// What comes out of `bytes`, cut into pieces at `cuts`.
    fn through(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, Side) {
        let (mut side, mut output) = (Side::default(), Vec::new());
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            side.received(TOKEN, &bytes[pair[0]..pair[1]], &mut |piece| {
                assert!(!piece.is_empty());
                output.extend_from_slice(piece);
            });
        }
        (output, side)
    }

    proptest! {
        #[test]
        fn output_is_what_stands_between_the_tokens(
            noise in "[:a-g\\-0-3\n]{0,40}",
            output in prop::collection::vec(prop::sample::select(b":ocpdg-0123;\0\xff".to_vec()), 0..60),
            cuts in prop::collection::vec(0_usize..200, 0..20),
        ) {
            prop_assume!(sys::find(noise.as_bytes(), TOKEN).is_none());
            prop_assume!(sys::find(&output, TOKEN).is_none());
            let bytes = [noise.as_bytes(), TOKEN, &output, TOKEN, b"77;", b"more"].concat();
            let (came, side) = through(&bytes, &cuts);
            prop_assert_eq!(came, output);
            prop_assert_eq!(side.state, State::Ended);
            prop_assert_eq!(side.held, b"77");
        }
    }

    #[test]
    fn output_is_handed_on_before_the_end() {
        let (output, side) = through(b"noise:ocpdg-0123all of it", &[]);
        assert_eq!(output, b"all of it");
        assert_eq!(side.state, State::Running);
    }
}
