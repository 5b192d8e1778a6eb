//! Whether a database file is as long as it says: bbolt opens one whose end is cut off, as long as
//! nothing reads there, and etcd then runs into the hole later.
//!
//! The first two pages hold a meta record each, written in turns: magic, version, page size, flags,
//! root (two words), free list, the number of pages in use, transaction, FNV-1a checksum.

/// How much of the file [`needed_bytes`] wants to see: two pages of the largest size.
pub(super) const HEAD_BYTES: usize = 2 << 16;

const HEADER: usize = 16;
const MAGIC: u32 = 0xED0C_DAED;

/// The bytes that the pages in use take, by the newest valid meta record in `head`; nothing if
/// there is none.
pub(super) fn needed_bytes(head: &[u8]) -> Option<u64> {
    let first = meta(head, 0);
    // The second page's place depends on the page size; without the first record it is guessed.
    let sizes = first.as_ref().map_or_else(
        || vec![4096, 8192, 16_384, 65_536],
        |first| vec![first.page_size],
    );
    let second = sizes.iter().find_map(|&size| meta(head, size as usize));
    [first, second]
        .into_iter()
        .flatten()
        .max_by_key(|meta| meta.transaction)
        .and_then(|meta| meta.pages.checked_mul(meta.page_size))
}

struct Meta {
    page_size: u64,
    pages: u64,
    transaction: u64,
}

fn meta(head: &[u8], page: usize) -> Option<Meta> {
    let record = head.get(page + HEADER..page + HEADER + 64)?;
    let word = |at: usize| {
        let bytes = record.get(at..at + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let half = |at: usize| {
        let bytes = record.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let checksum = record[..56]
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum: u64, &byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    if half(0)? != MAGIC || word(56)? != checksum {
        return None;
    }
    Some(Meta {
        page_size: half(8)?.into(),
        pages: word(40)?,
        transaction: word(48)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(page_size: u32, pages: u64, transaction: u64) -> Vec<u8> {
        let mut record = Vec::new();
        for half in [MAGIC, 2, page_size, 0] {
            record.extend(half.to_le_bytes());
        }
        for word in [3, 0, 2, pages, transaction] {
            record.extend(u64::to_le_bytes(word));
        }
        let sum = record
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |sum: u64, &byte| {
                (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        record.extend(sum.to_le_bytes());
        let mut page = vec![0; HEADER];
        page.extend(record);
        page.resize(page_size as usize, 0);
        page
    }

    #[test]
    fn the_newest_valid_record_counts() {
        let head = [page(4096, 8, 5), page(4096, 9, 6)].concat();
        assert_eq!(needed_bytes(&head), Some(9 * 4096));
        let mut torn = head.clone();
        torn[4096 + HEADER + 40] ^= 1;
        assert_eq!(needed_bytes(&torn), Some(8 * 4096));
        torn[HEADER] ^= 1;
        assert_eq!(needed_bytes(&torn), None);
        let mut first_torn = head;
        first_torn[HEADER] ^= 1;
        assert_eq!(needed_bytes(&first_torn), Some(9 * 4096));
        assert_eq!(needed_bytes(b"short"), None);
    }
}
