//! The first call after a freeze. Lambda freezes a sandbox between invocations: its processes stand
//! still, its monotonic clock does too, and the other side of a connection forgets it meanwhile.

#![cfg(target_os = "linux")]

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, SystemTime},
};

use bedrock_local::{Answer, BedrockLocal, TlsIdentity};
use lambda_local::{Deadline, Function, Invocation};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::stage::{program, text};

/// The whole time of an invocation: an answer within it is one that waited for no time-out of TCP.
const TIME: Duration = Duration::from_secs(3);

/// What becomes of the connections that are open when a sandbox freezes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// They work on.
    Kept,
    /// Nothing comes back any more: the other side, or a gateway, has dropped them silently.
    Swallowed,
    /// They are reset.
    Reset,
}

/// A network between the function and Bedrock that can lose the connections which are open.
struct Network {
    url: String,
    fate: watch::Sender<Fate>,
}

impl Network {
    async fn to(bedrock: &BedrockLocal) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let address = bedrock.endpoint_url().replace("http://", "");
        let (fate, _) = watch::channel(Fate::Kept);
        let told = fate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&address).await.unwrap();
                tokio::spawn(carry(client, server, told.subscribe()));
            }
        });
        Self { url, fate }
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, mut fate: watch::Receiver<Fate>) {
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => return,
        _ = fate.changed() => {}
    }
    let now = *fate.borrow();
    match now {
        Fate::Kept => {
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        Fate::Swallowed => std::future::pending().await,
        Fate::Reset => client.set_zero_linger().unwrap(),
    }
}

/// A function that is frozen between invocations, and its wall clock.
struct Sandbox {
    bedrock: BedrockLocal,
    function: Function,
    folder: TempDir,
}

impl Sandbox {
    async fn start(bedrock: BedrockLocal, url: &str, variables: &[(&str, PathBuf)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("wall_clock.so");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg("tests/function/wall_clock.c")
            .status()
            .unwrap();
        assert!(compiled.success());
        let function = program(url)
            .env("LD_PRELOAD", library)
            .env("WALL_CLOCK_AHEAD", folder.path().join("ahead"))
            .envs(variables.iter().cloned())
            .freeze()
            .start()
            .await
            .unwrap();
        Self {
            bedrock,
            function,
            folder,
        }
    }

    /// A sandbox and the network around it.
    async fn on_a_network() -> (Self, Network) {
        let bedrock = BedrockLocal::builder().start().await.unwrap();
        let network = Network::to(&bedrock).await;
        let sandbox = Self::start(bedrock, &network.url, &[]).await;
        (sandbox, network)
    }

    /// Has the wall clock be this far ahead of the monotonic one.
    fn thaw_after(&self, frozen: Duration) {
        let ahead = frozen.as_secs().to_string();
        std::fs::write(self.folder.path().join("ahead"), ahead).unwrap();
    }

    /// Invokes the function when its wall clock is `frozen` ahead.
    async fn invoke_after(&self, frozen: Duration) -> String {
        let invocation = Invocation {
            deadline: Some(Deadline::At(SystemTime::now() + frozen + TIME)),
            ..Invocation::default()
        };
        let event = r#"{"prompt":"hi"}"#;
        text(&self.function.invoke_with(event, invocation).await)
    }

    /// Invokes it, freezes it for so long, and invokes it again: each is answered by one request.
    async fn survives(&self, frozen: Duration, meanwhile: impl FnOnce(), name: &str) {
        let reply = self.invoke_after(Duration::ZERO).await;
        assert!(reply.starts_with(r#"{"statusCode":200"#), "{name}: {reply}");
        meanwhile();
        self.thaw_after(frozen);
        let reply = self.invoke_after(frozen).await;
        assert!(reply.starts_with(r#"{"statusCode":200"#), "{name}: {reply}");
        assert_eq!(self.bedrock.requests().len(), 2, "{name}");
        let log = self.function.stdout();
        let last = log.lines().last().unwrap();
        assert!(last.contains(r#""attempts":1"#), "{name}: {last}");
    }
}

const MINUTES: Duration = Duration::from_secs(240);

/// Shorter than the pool keeps a connection.
const SECONDS: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_connection_that_was_lost_during_a_freeze_costs_no_attempt() {
    for frozen in [SECONDS, MINUTES] {
        for fate in [Fate::Swallowed, Fate::Reset] {
            let (sandbox, network) = Sandbox::on_a_network().await;
            let name = format!("{fate:?} during {frozen:?}");
            let lose = || {
                network.fate.send_replace(fate);
            };
            sandbox.survives(frozen, lose, &name).await;
        }
    }
}

#[tokio::test]
async fn a_connection_that_survived_a_short_freeze_is_used_again() {
    let (sandbox, _network) = Sandbox::on_a_network().await;
    sandbox.survives(SECONDS, || {}, "kept").await;
    assert_eq!(sandbox.bedrock.connections(), 1);
    // One in INIT, and one that tried the connection after the freeze.
    assert_eq!(sandbox.bedrock.pings(), 2);
}

#[tokio::test]
async fn a_connection_is_not_used_again_after_minutes_even_where_it_still_works() {
    let (sandbox, _network) = Sandbox::on_a_network().await;
    sandbox.survives(MINUTES, || {}, "kept").await;
    assert_eq!(sandbox.bedrock.connections(), 2);
    assert_eq!(sandbox.bedrock.pings(), 1);
}

#[tokio::test]
async fn a_goaway_that_comes_during_a_freeze_costs_no_attempt() {
    for frozen in [Duration::ZERO, SECONDS, MINUTES] {
        let identity = TlsIdentity::localhost().unwrap();
        let bedrock = BedrockLocal::builder().tls(identity).start().await.unwrap();
        let bundle = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(bundle.path(), bedrock.certificate_authority_pem().unwrap()).unwrap();
        let url = bedrock.endpoint_url();
        let bundle = ("AWS_CA_BUNDLE", bundle.path().to_owned());
        let sandbox = Sandbox::start(bedrock, &url, &[bundle]).await;
        // Over HTTP/2, the connection is closed by GOAWAY once the answer is out.
        sandbox
            .bedrock
            .enqueue(Answer::converse_text("first").close_connection_afterwards());
        sandbox
            .survives(frozen, || {}, &format!("GOAWAY, {frozen:?}"))
            .await;
        assert_eq!(sandbox.bedrock.handshakes(), 2);
    }
}
