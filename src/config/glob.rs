//! Patterns of file names as glob(3) and Apache's `apr_fnmatch` know them: `*`, `?`, `[a-z]`, `[!a]`, a backslash.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Whether there is anything in it that stands for several names.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The paths that `pattern` fits, in name order, at most `most`. Names that begin with a dot must be asked for.
pub(super) fn expand(base: &Path, pattern: &str, most: usize) -> Vec<PathBuf> {
    let mut found = vec![base.to_owned()];
    for component in Path::new(pattern).components() {
        let Component::Normal(name) = component else {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let name = name.to_string_lossy();
        if is_pattern(&name) {
            found = found.iter().flat_map(|directory| names(directory, &name)).take(most).collect();
        } else {
            found.iter_mut().for_each(|path| path.push(&*name));
        }
    }
    found.retain(|path| path.exists());
    found
}

/// What is in a directory and fits, in name order.
fn names(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let fits = |name: &[u8]| (pattern.starts_with('.') || !name.starts_with(b".")) && matches(pattern.as_bytes(), name);
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name()).filter(|name| fits(name.as_encoded_bytes())).collect();
    names.sort();
    names.into_iter().map(|name| directory.join(name)).collect()
}

/// Whether a name fits a pattern. Goes back to the last `*` alone: an earlier one could take no more than that does.
pub(super) fn matches(mut pattern: &[u8], mut name: &[u8]) -> bool {
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, name));
            pattern = rest;
            continue;
        }
        if pattern.is_empty() && name.is_empty() {
            return true;
        }
        if let [byte, after @ ..] = name
            && let Some(rest) = one(pattern, *byte)
        {
            (pattern, name) = (rest, after);
            continue;
        }
        match star {
            Some((rest, [_, after @ ..])) => {
                star = Some((rest, after));
                (pattern, name) = (rest, after);
            }
            _ => return false,
        }
    }
}

/// Takes what stands for one byte off a pattern, if it fits `byte`.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', rest @ ..] => match set(rest, byte) {
            Some((fits, rest)) => fits.then_some(rest),
            // A bracket that nothing closes is one.
            None => (byte == b'[').then_some(rest),
        },
        [b'\\', escaped, rest @ ..] => (*escaped == byte).then_some(rest),
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
        [] => None,
    }
}

/// `a-z]` or `!abc]`: whether `byte` is in it, and what follows.
fn set(i: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (negated, mut i) = match i {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, i),
    };
    let (mut fits, mut first) = (false, true);
    loop {
        i = match i {
            [b']', rest @ ..] if !first => return Some((fits != negated, rest)),
            [low, b'-', high, rest @ ..] if *high != b']' => {
                fits |= (*low..=*high).contains(&byte);
                rest
            }
            [literal, rest @ ..] => {
                fits |= *literal == byte;
                rest
            }
            [] => return None,
        };
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_as_glob_does() {
        for (pattern, name, fits) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf~", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[0-9]*", "10-x", true),
            ("[0-9]*", "x-10", false),
            ("[!.]*", "a", true),
            ("[!.]*", ".a", false),
            ("[^a]", "a", false),
            ("[]a]", "]", true),
            ("[a", "[a", true),
            ("[a", "a", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("*.d*.conf", "x.d.d1.conf", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn finds_files_in_name_order() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b/2.conf", "b/1.conf", "b/.hidden.conf", "a/3.conf", "c/4.txt"] {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str, most| -> Vec<String> {
            let paths = expand(directory.path(), pattern, most);
            paths.iter().map(|path| path.strip_prefix(directory.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(found("*/*.conf", 9), ["a/3.conf", "b/1.conf", "b/2.conf"]);
        assert_eq!(found("*/*.conf", 2), ["a/3.conf", "b/1.conf"]);
        assert_eq!(found("b/.*.conf", 9), ["b/.hidden.conf"]);
        assert_eq!(found("?/../b/1*", 9).len(), 3);
        assert_eq!(found("d/*.conf", 9), [""; 0]);
        let absolute = directory.path().join("[ab]/[12].conf");
        assert_eq!(expand(Path::new("/nowhere"), &absolute.to_string_lossy(), 9).len(), 2);
    }
}
