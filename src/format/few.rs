//! A list that mostly has one item or two.

use std::ops::{Deref, DerefMut};

/// A list whose first `N` items need no memory of their own.
#[derive(Clone, Debug)]
pub struct Few<T, const N: usize> {
    /// The items, as long as there is room for them.
    here: [T; N],
    /// How many of those there are.
    length: usize,
    /// All items, once there are more.
    elsewhere: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    /// Adds an item at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        match self.here.get_mut(self.length) {
            Some(place) => {
                *place = item;
                self.length += 1;
            }
            None => self.push_elsewhere(item),
        }
    }

    #[cold]
    fn push_elsewhere(&mut self, item: T) {
        if self.elsewhere.is_empty() {
            self.elsewhere.extend_from_slice(&self.here);
        }
        self.elsewhere.push(item);
    }
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { here: [T::default(); N], length: 0, elsewhere: Vec::new() }
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        if self.elsewhere.is_empty() { &self.here[..self.length] } else { &self.elsewhere }
    }
}

impl<T, const N: usize> DerefMut for Few<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        if self.elsewhere.is_empty() { &mut self.here[..self.length] } else { &mut self.elsewhere }
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut few = Self::default();
        items.into_iter().for_each(|item| few.push(item));
        few
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn keeps_all_in_order() {
        for count in 0..9 {
            let mut few: Few<usize, 2> = (0..count).collect();
            assert_eq!(*few, (0..count).collect::<Vec<_>>());
            few.reverse();
            few.push(count);
            assert_eq!(few.last(), Some(&count));
            assert_eq!(few.first(), Some(&count.saturating_sub(1)));
        }
    }
}
