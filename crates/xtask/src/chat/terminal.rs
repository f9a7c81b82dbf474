//! The terminal while an answer arrives.

use std::{io, time::Duration};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// The byte that a terminal sends for Ctrl-C where it makes no signal of it.
const CTRL_C: u8 = 3;

/// How often to look for Ctrl-C: sooner than a person notices.
const LOOK: Duration = Duration::from_millis(50);

/// A terminal that shows no keys and makes no signals of them. It is given back as it was when this is dropped.
///
/// As a signal, Ctrl-C would end the make that runs this program too.
pub(super) struct Terminal {
    original: Termios,
}

impl Terminal {
    pub(super) fn take() -> io::Result<Self> {
        let original = tcgetattr(io::stdin())?;
        let mut quiet = original.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        // A read takes what is there, and does not wait.
        quiet.special_codes[SpecialCodeIndex::VMIN] = 0;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self { original })
    }

    /// Waits for Ctrl-C. Other keys are lost.
    pub(super) async fn interrupted(&self) {
        loop {
            let mut keys = [0; 64];
            // The terminal may be gone. SIGHUP ends the program then.
            let count = rustix::io::read(io::stdin(), &mut keys).unwrap_or(0);
            if keys[..count].contains(&CTRL_C) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.original);
    }
}
