//! What docker holds on a simulated host: containers and images.

use sha2::{Digest, Sha256};

/// The containers and images of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docker {
    /// Containers, the oldest first.
    pub containers: Vec<Container>,
    /// Images, the oldest first.
    pub images: Vec<Image>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of its image.
    pub image: String,
    /// The id of its image.
    pub image_id: String,
    /// Whether it runs.
    pub running: bool,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Its names.
    pub tags: Vec<String>,
    /// The image that it was built on.
    pub parent: Option<String>,
}

impl Docker {
    /// Runs a container called `name` of the image with `tags`, which is pulled if it is not there.
    /// Nothing to do if there is one of that name.
    pub fn add(&mut self, name: &str, tags: &[&str], number: u64) {
        if self.containers.iter().any(|one| one.name == name) {
            return;
        }
        let first = tags.first().copied().unwrap_or_default();
        let image_id = digest(first);
        if !self.images.iter().any(|one| one.id == image_id) {
            let parent = digest(&format!("parent of {first}"));
            self.images.push(Image {
                id: parent.clone(),
                tags: Vec::new(),
                parent: None,
            });
            self.images.push(Image {
                id: image_id.clone(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                parent: Some(parent),
            });
        }
        self.containers.push(Container {
            id: digest(&format!("{name} {number}")),
            name: name.to_owned(),
            image: first.to_owned(),
            image_id,
            running: true,
        });
    }

    /// The container that `word` means: the beginning of an id, or a name.
    pub fn container(&self, word: &str) -> Option<usize> {
        self.containers
            .iter()
            .position(|one| one.id.starts_with(word) || one.name == word)
    }

    /// The image that `word` means: the beginning of an id, or a tag.
    pub fn image(&self, word: &str) -> Option<usize> {
        let word = word.strip_prefix("sha256:").unwrap_or(word);
        self.images
            .iter()
            .position(|one| one.id.starts_with(word) || one.tags.iter().any(|tag| tag == word))
    }
}

fn digest(text: &str) -> String {
    let sum = Sha256::digest(text);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
