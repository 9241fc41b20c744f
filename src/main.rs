//! The page.

fn main() {
    playground::ui::mount();
}
