//! Memory that is filled again and again.

use std::ops::Deref;

/// Bytes at the beginning of some memory. The memory is cleared when it is first used, and not for each filling.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// The `size` bytes of memory behind the bytes, holding anything; [`Buffer::grow`] makes them count.
    pub(super) fn room(&mut self, size: usize) -> &mut [u8] {
        let end = self.length + size;
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        &mut self.memory[self.length..end]
    }

    /// Takes up to `by` bytes of room as filled.
    pub(super) fn grow(&mut self, by: usize) {
        self.length = self.memory.len().min(self.length + by);
    }

    /// Keeps the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Adds `bytes` at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.grow(bytes.len());
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}
