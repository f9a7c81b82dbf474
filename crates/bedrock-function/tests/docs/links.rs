//! Every link leads somewhere.

use super::page::{all, root, sections};

/// A heading's anchor, as GitHub makes it.
fn anchor(title: &str) -> String {
    title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | 'ー'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn leads_somewhere(page: &str, link: &str) -> bool {
    let (file, wanted) = link.split_once('#').unwrap_or((link, ""));
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        root(folder)
            .join(file)
            .canonicalize()
            .ok()
            .and_then(|path| {
                Some(
                    path.strip_prefix(root("").canonicalize().ok()?)
                        .ok()?
                        .to_str()?
                        .to_owned(),
                )
            })
            .unwrap_or_default()
    };
    if target.is_empty() {
        return false;
    }
    wanted.is_empty()
        || sections(&target)
            .iter()
            .any(|s| s.level > 0 && anchor(&s.title) == wanted)
}

#[test]
fn every_link_within_the_workspace_leads_somewhere() {
    let mut checked = 0;
    for page in all() {
        for link in sections(&page).into_iter().flat_map(|s| s.links) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            assert!(leads_somewhere(&page, &link), "{page} links to {link}");
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn a_link_to_nowhere_is_found() {
    assert!(leads_somewhere(
        "README.md",
        "docs/settings.md#of-the-function"
    ));
    assert!(!leads_somewhere("README.md", "docs/settings.md#of-nothing"));
    assert!(!leads_somewhere("README.md", "docs/nothing.md"));
    assert!(leads_somewhere("README.ja.md", "#うまくいかないとき"));
    assert!(leads_somewhere("docs/settings.md", "../README.md"));
}
