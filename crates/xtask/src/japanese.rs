//! The sentences of failures in Japanese, where the locale is Japanese. The function's own errors stay English.

use lambda_local::localized;

use crate::failure::Failure;

/// What happened and what to do, in the language of whoever runs the command.
pub(crate) fn sentence(failure: &Failure) -> String {
    localized(failure.to_string(), in_japanese(failure))
}

/// A failure without its sentence here does not compile.
fn in_japanese(failure: &Failure) -> String {
    match failure {
        Failure::NoEvent => "イベントのファイルが指定されていません。make invoke EVENT=events/bedrock-test-001.json のように指定してください。".to_owned(),
        Failure::EventUnreadable { path, source } => format!(
            "イベントのファイル {} を読み込めません ({source})。EVENT=events/bedrock-test-001.json のように JSON ファイルのパスを指定してください。",
            path.display()
        ),
        Failure::EventNotJson { path, source } => format!(
            "イベントのファイル {} は JSON ではありません ({source})。修正してください。",
            path.display()
        ),
        Failure::EventTooLarge { path, bytes, limit } => format!(
            "イベントのファイル {} は {bytes} バイトで、Lambda の上限 {limit} バイトを超えています。短くしてください。",
            path.display()
        ),
        Failure::SchemaUnreadable { path, source } => format!(
            "スキーマのファイル {} を読み込めません ({source})。SCHEMA=events/schema/orders.json のように JSON Schema のパスを指定してください。",
            path.display()
        ),
        Failure::SchemaNotJson { path, source } => format!(
            "スキーマのファイル {} は JSON ではありません ({source})。修正してください。",
            path.display()
        ),
        Failure::NoPrompt => "プロンプトが指定されていません。make ask P=\"AWS Lambda とは何ですか\" のように指定してください。".to_owned(),
        Failure::EventHasModel => "MODEL は make ask と make deploy で使います。make invoke では {\"prompt\": \"hi\", \"modelId\": \"apac.amazon.nova-micro-v1:0\"} のように、イベントにモデルを書いてください。".to_owned(),
        Failure::Target(given) => format!("TARGET には local か aws を指定してください (\"{given}\" が指定されました)。"),
        Failure::WatchHasItsOwn(process) => format!(
            "make watch (プロセス {process}) が独自のモックサーバーを使って動いています。停止するか、FAULT と UPSTREAM を make watch に指定してください。"
        ),
        Failure::ForTheStandIn => "FAULT と UPSTREAM はローカルのモックサーバー用ですが、呼び出し先はデプロイした関数です。TARGET=local を付けてください。".to_owned(),
        Failure::WatchRunsAlready(process) => format!(
            "make watch はすでに動いています (プロセス {process})。先に停止するか、動いているものを使ってください。"
        ),
        Failure::NotDeployed(path) => format!(
            "{} にデプロイの記録がありません。先に関数をデプロイするか、TARGET=local を付けてください。",
            path.display()
        ),
        Failure::DeploymentUnreadable { path, problem } => format!(
            "{} にあるデプロイの記録を使えません ({problem})。もう一度デプロイするか、TARGET=local を付けてください。",
            path.display()
        ),
        Failure::ToolMissing(tool) => format!("{tool} がありません。make setup を実行してください。"),
        Failure::CannotRun { program, source } => {
            format!("{program} を実行できません ({source})。make setup を実行してください。")
        }
        Failure::Build(status) => format!(
            "関数をコンパイルできません ({status})。上の cargo のメッセージを確認してください。"
        ),
        Failure::NoExecutable(name) => format!(
            "cargo が {name} という実行ファイルを作りませんでした。cargo build -p {name} の表示を確認してください。"
        ),
        Failure::Bedrock(error) => format!("Bedrock のモックサーバーを起動できません: {error}"),
        Failure::System(error) => format!("ローカル環境を準備できません: {error}。"),
        Failure::EmulatorEnded(status) => format!(
            "cargo lambda watch が終了しました ({status})。上のメッセージを確認してください。"
        ),
        Failure::EmulatorSilent { port, after } => format!(
            "cargo lambda watch が {after:?} 以内にポート {port} で待ち受けを始めませんでした。上のメッセージを確認してください。"
        ),
        Failure::FunctionEnded(status) => format!(
            "関数が応答せずに終了しました ({status})。上のメッセージを確認してください。"
        ),
        Failure::FunctionFailed(cause) => format!("関数がエラーで終了しました: {cause}"),
        Failure::TimedOut(limit) => format!(
            "関数が {limit:?} 以内に応答しなかったため、Lambda と同じように終了させました。BEDROCK_TIMEOUT_SECONDS で延ばせます。"
        ),
        Failure::NoReply(limit) => format!(
            "make watch の関数が {limit:?} 以内に応答しませんでした。make watch のメッセージを確認してください。"
        ),
        Failure::Connection(error) => format!(
            "応答の前に cargo lambda watch との接続が切れました ({error})。make watch を確認してください。"
        ),
        Failure::Refused { status, body } => {
            format!("cargo lambda watch が HTTP ステータス {status} でイベントを拒否しました: {body}")
        }
        Failure::InfraMissing => "デプロイした関数の呼び出しに必要な Node.js と infra のパッケージがありません。infra/install か make deploy を実行してください。TARGET=local ではどちらも不要です。".to_owned(),
        Failure::NotAReply => "応答に statusCode がないため、この関数のものではありません。呼び出した関数を確認してください。".to_owned(),
        Failure::BrokenOff => "回答が途中で途切れました。もう一度質問し、関数のログを確認してください。".to_owned(),
        Failure::UnknownCommand(given) => format!("\"{given}\" というコマンドはありません。/help で一覧を表示できます。"),
        Failure::ModelWithoutId => "/model には /model apac.amazon.nova-micro-v1:0 のようにモデルの ID を指定してください。".to_owned(),
        Failure::SaveWithoutFile => "/save には /save talk.json のように新しいファイルの名前を指定してください。".to_owned(),
        Failure::Save { path, source } => format!(
            "会話を {} に保存できません ({source})。新しいファイルの名前を指定してください。",
            path.display()
        ),
        Failure::Input(error) => format!("入力を読み込めません ({error})。UTF-8 の行を渡してください。"),
        Failure::Output(error) => format!("応答を出力できません: {error}。"),
        Failure::Stopped(signal) => format!("シグナル {signal} で停止しました。起動したものもすべて停止しています。"),
        // What the function, the emulator's parts or a command of infra says, which has its own language.
        Failure::StandIn(_) | Failure::Start(_) | Failure::Deployed { .. } | Failure::Answer(_) => {
            failure.to_string()
        }
    }
}
