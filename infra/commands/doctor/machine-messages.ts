import { message } from './finding.ts';

/** What the doctor says of this machine, the settings, the models' table and the artifact. */
export const machineMessages = {
  node: message(
    (version: string) => `Node.js ${version}`,
    (version) => `Node.js ${version}`,
  ),
  nodeOld: message(
    (version: string) => `Node.js ${version}: the AWS SDK drops Node 20 in January 2027`,
    (version) => `Node.js ${version}: AWS SDK は 2027 年 1 月に Node 20 のサポートを終了します`,
  ),
  nodeRemedy: message(
    () => 'Install Node.js 22 or newer from https://nodejs.org.',
    () => 'https://nodejs.org から Node.js 22 以降をインストールしてください。',
  ),
  rust: message(
    (version: string) => `Rust: ${version}`,
    (version) => `Rust: ${version}`,
  ),
  rustMissing: message(
    () => 'Rust is not installed: cargo cannot be run',
    () => 'Rust がインストールされていません (cargo を実行できません)',
  ),
  rustRemedy: message(
    () => 'Install it from https://rustup.rs, which brings the version in rust-toolchain.toml.',
    () => 'https://rustup.rs からインストールしてください。rust-toolchain.toml で指定したバージョンが使われます。',
  ),
  cargoLambda: message(
    (version: string) => `cargo-lambda ${version}`,
    (version) => `cargo-lambda ${version}`,
  ),
  cargoLambdaMissing: message(
    (wanted: string) => `cargo-lambda ${wanted} or newer is not installed yet`,
    (wanted) => `cargo-lambda ${wanted} 以降がまだインストールされていません`,
  ),
  cargoLambdaRemedy: message(
    () => 'make setup installs it into .tools; make deploy does so by itself.',
    () => 'make setup で .tools にインストールされます (make deploy でも自動的に行われます)。',
  ),
  settings: message(
    (given: string) => `Settings are valid${given && `: ${given}`}`,
    (given) => `設定に問題はありません${given && `: ${given}`}`,
  ),
  settingsWrong: message(
    (sentence: string) => `A setting is wrong: ${sentence}`,
    (sentence) => `設定に誤りがあります: ${sentence}`,
  ),
  settingsRemedy: message(
    () => 'Correct it on the command line (make doctor NAME=value), in the environment or in infra/settings.json.',
    () => 'コマンドライン (make doctor 名前=値)、環境変数、または infra/settings.json で修正してください。',
  ),
  tableWrong: message(
    (sentence: string) => `The table of models cannot be read: ${sentence}`,
    (sentence) => `モデル一覧を読み込めません: ${sentence}`,
  ),
  tableRemedy: message(
    () => 'Undo the last change of models.json (git diff models.json).',
    () => 'models.json の直前の変更を元に戻してください (git diff models.json で確認できます)。',
  ),
  modelUnknown: message(
    (id: string) => `Model ${id} is not in models.json`,
    (id) => `モデル ${id} は models.json にありません`,
  ),
  modelUnknownRemedy: message(
    () => 'Choose one that make models lists: MODEL=….',
    () => 'make models の一覧にあるモデルを MODEL=… で指定してください。',
  ),
  modelEnded: message(
    (id: string, date: string) =>
      `Model ${id} has reached its end of life${date && ` (${date})`}: Bedrock refuses every call to it`,
    (id, date) => `モデル ${id} は提供を終了しています${date && ` (${date})`}。Bedrock はすべての呼び出しを拒否します`,
  ),
  modelEndedRemedy: message(
    (id: string) => `Use another one: MODEL=${id}.`,
    (id) => `別のモデルを指定してください: MODEL=${id}`,
  ),
  modelRegion: message(
    (id: string, region: string, source: string) =>
      `Model ${id} cannot be called from ${region}: models.json has it as called from ${source}`,
    (id, region, source) =>
      `モデル ${id} は ${region} からは呼び出せません (models.json では ${source} から呼び出すモデルです)`,
  ),
  modelRegionRemedy: message(
    (source: string) => `Use REGION=${source}, or a global model (make models).`,
    (source) => `REGION=${source} とするか、グローバルのモデルを選んでください (make models で確認できます)。`,
  ),
  modelAlive: message(
    (id: string) => `Model ${id}: active, no end announced`,
    (id) => `モデル ${id}: 提供中 (終了予定の発表はありません)`,
  ),
  modelEnds: message(
    (id: string, days: number, date: string) => `Model ${id}: ends in ${days} days (${date})`,
    (id, days, date) => `モデル ${id}: あと ${days} 日 (${date}) で提供を終了します`,
  ),
  modelLegacy: message(
    (id: string) => `Model ${id} is legacy: refused to accounts that do not use it`,
    (id) => `モデル ${id} はレガシーです (利用実績のないアカウントからは呼び出せません)`,
  ),
  modelSoonRemedy: message(
    () => 'Choose its successor in time: make models, then make deploy MODEL=….',
    () => '早めに後継のモデルへ切り替えてください (make models で選び、make deploy MODEL=… で反映します)。',
  ),
  reach: message(
    (kind: 'in-region' | 'geographic-profile' | 'global-profile', regions: string, countries: string) =>
      ({
        'in-region': `Called in the region, processed in ${countries} (${regions})`,
        'geographic-profile': `Called through a geographic profile, processed in ${countries} (${regions})`,
        'global-profile': 'Called through a global profile, processed in any commercial region',
      })[kind],
    (kind, regions) =>
      ({
        'in-region': `リージョン内で呼び出します。処理されるリージョン: ${regions}`,
        'geographic-profile': `地域の推論プロファイルで呼び出します。処理されるリージョン: ${regions}`,
        'global-profile': 'グローバルの推論プロファイルで呼び出します。どの商用リージョンでも処理されることがあります',
      })[kind],
  ),
  price: message(
    (usd: string) => `1,000 calls of 1,000 tokens in and 500 out cost about $${usd} of Bedrock`,
    (usd) => `入力 1,000 トークン・出力 500 トークンの呼び出し 1,000 回で、Bedrock の料金は約 $${usd} です`,
  ),
  modelWhole: message(
    (id: string) => `Model ${id} does not stream: also with STREAM=1, its answers come whole`,
    (id) => `モデル ${id} はストリーミングに対応していないため、STREAM=1 でも回答はまとめて返ります`,
  ),
  artifact: message(
    (megabytes: string) => `The function is built: x86_64, ${megabytes} MB`,
    (megabytes) => `関数はビルド済みです: x86_64、${megabytes} MB`,
  ),
  artifactMissing: message(
    () => 'The function is not built yet',
    () => '関数はまだビルドされていません',
  ),
  artifactMissingRemedy: message(
    () => 'make build builds it; make deploy does so by itself.',
    () => 'make build でビルドできます (make deploy でも自動的に行われます)。',
  ),
  artifactWrong: message(
    (why: 'not-elf' | 'not-x86_64' | 'glibc') =>
      `The built function cannot run on Lambda: ${{ 'not-elf': 'it is no Linux executable', 'not-x86_64': 'it is not for x86_64', glibc: 'it asks for a newer glibc than Amazon Linux 2023 has (2.34)' }[why]}`,
    (why) =>
      `ビルドされた関数は Lambda で動きません: ${{ 'not-elf': 'Linux の実行ファイルではありません', 'not-x86_64': 'x86_64 用ではありません', glibc: 'Amazon Linux 2023 (glibc 2.34) より新しい glibc が必要です' }[why]}`,
  ),
  artifactWrongRemedy: message(
    () => 'Build it with make build, not with plain cargo.',
    () => 'cargo を直接使わず、make build でビルドしてください。',
  ),
} as const;
