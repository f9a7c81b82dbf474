//! TLS: HTTP/2 by ALPN as on AWS, and certificates that a caller refuses.

use crate::support::{NOVA, client, closed, configuration_for, converse, http_client, text};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::SdkError;
use bedrock_local::http::Version;
use bedrock_local::{Answer, BedrockLocal, TlsIdentity};

async fn over(identity: TlsIdentity) -> BedrockLocal {
    BedrockLocal::builder().tls(identity).start().await.unwrap()
}

#[tokio::test]
async fn a_caller_that_trusts_the_authority_speaks_http_2() {
    let bedrock = over(TlsIdentity::localhost().unwrap()).await;
    assert!(bedrock.endpoint_url().starts_with("https://localhost:"));
    let client = client(&bedrock);
    for _ in 0..2 {
        assert!(text(&converse(&client, NOVA, "Hello").await.unwrap()).contains("bedrock-local"));
    }
    assert_eq!((bedrock.connections(), bedrock.handshakes()), (1, 1));
    assert_eq!(bedrock.requests()[1].version, Version::HTTP_2);
}

#[tokio::test]
async fn a_certificate_that_is_not_the_hosts_is_refused() {
    for identity in [TlsIdentity::expired(), TlsIdentity::other_host()] {
        let bedrock = over(identity.unwrap()).await;
        let error = converse(&client(&bedrock), NOVA, "Hello")
            .await
            .unwrap_err();
        assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
        assert_eq!(bedrock.requests().len(), 0);
    }
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_completes_no_handshake() {
    let bedrock = over(TlsIdentity::localhost().unwrap()).await;
    let stranger = TlsIdentity::localhost().unwrap();
    let http_client = http_client(Some(stranger.certificate_authority_pem()));
    let client = Client::from_conf(configuration_for(&bedrock.endpoint_url(), http_client).build());
    let error = converse(&client, NOVA, "Hello").await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(bedrock.requests().len(), 0);
}

#[tokio::test]
async fn answers_break_over_http_2_too() {
    let bedrock = over(TlsIdentity::localhost().unwrap()).await;
    let client = client(&bedrock);
    for answer in [
        Answer::reset(),
        Answer::hang_up(),
        Answer::converse_text("cut").truncate_at(20),
    ] {
        bedrock.enqueue(answer);
        let error = converse(&client, NOVA, "Hello").await.unwrap_err();
        assert!(
            matches!(
                error,
                SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
            ),
            "{error:?}"
        );
    }
    assert_eq!((bedrock.handshakes(), bedrock.requests().len()), (3, 3));
}

#[tokio::test]
async fn a_connection_closed_after_its_answer_is_closed_over_http_2_too() {
    let bedrock = over(TlsIdentity::localhost().unwrap()).await;
    let client = client(&bedrock);
    bedrock.enqueue(Answer::converse_text("last words").close_connection_afterwards());
    assert_eq!(
        text(&converse(&client, NOVA, "Hello").await.unwrap()),
        "last words"
    );
    closed(&bedrock).await;
    assert_eq!((bedrock.connections(), bedrock.open_connections()), (1, 0));
}
