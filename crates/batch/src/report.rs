//! What is said on stderr before and after a run.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use batch::{Estimate, Plan, estimate::usd, run::Run};
use indicatif::{HumanCount, HumanDuration};
use lambda_local::localized;
use serde::Serialize;

use crate::cli::RunArgs;

fn say(what: &str, line: &str) {
    // A program without a stderr is no failure.
    let _ = writeln!(io::stderr(), "{what:<9} {line}");
}

/// Where the prompts are asked.
pub(crate) struct Where {
    bedrock: String,
    /// What of the cost is paid.
    paid: &'static str,
    at_once: usize,
}

impl Where {
    /// By the function on this machine.
    pub(crate) fn here(args: &RunArgs) -> Self {
        Self {
            bedrock: localized(
                format!("a stand-in, {}", args.bedrock.who_answers()),
                match args.bedrock.upstream() {
                    "" => "モックサーバー (モデルではありません)".to_owned(),
                    upstream => format!("モックサーバー ({upstream} のモデルが回答します)"),
                },
            ),
            paid: localized(
                "nothing here; on Bedrock ",
                "ここではかかりません。Bedrock では ",
            ),
            at_once: args.concurrency(),
        }
    }

    /// By the function on AWS.
    pub(crate) fn on_aws(concurrency: u16) -> Self {
        Self {
            bedrock: localized("on AWS", "AWS").to_owned(),
            paid: "",
            at_once: concurrency.into(),
        }
    }
}

/// Says what is about to be asked, of whom, and what that may cost.
pub(crate) fn begin(plan: &Plan, unreadable: u64, of: &Where) {
    let estimate = &plan.estimate;
    let rows = plan.places.len() as u64;
    let answered = match plan.answered() {
        0 => String::new(),
        answered => {
            let (answered, rows) = (HumanCount(answered), HumanCount(estimate.rows));
            localized(
                format!(", {answered} answered before, {rows} to ask"),
                format!(" 件 (回答済み {answered} 件、これから {rows} 件)"),
            )
        }
    };
    say("prompts", &format!("{}{answered}", HumanCount(rows)));
    left_over(plan);
    if unreadable > 0 {
        let line = localized(
            format!("{unreadable} lines cannot be read; their prompts are asked again"),
            format!("{unreadable} 行を読み込めません。その行のプロンプトはもう一度実行します"),
        );
        say("journal", &line);
    }
    if estimate.rows == 0 {
        return;
    }
    let models: Vec<_> = estimate
        .models
        .iter()
        .map(|(model, rows)| format!("{model} ({})", HumanCount(*rows)))
        .collect();
    say("models", &models.join(", "));
    say("bedrock", &of.bedrock);
    say("cost", &format!("{}{}", of.paid, cost(plan)));
    let time = HumanDuration(estimate.duration(of.at_once));
    let (at_once, seconds) = (of.at_once, estimate.typical.seconds);
    let line = localized(
        format!("on Bedrock about {time} at {at_once} at once, with {seconds:.1} s an answer"),
        format!("Bedrock では約 {time:#} (同時実行数 {at_once}、1 件 {seconds:.1} 秒)"),
    );
    say("time", &line);
}

/// Says how many answers are of no prompt any more.
pub(crate) fn left_over(plan: &Plan) {
    if plan.left_over > 0 {
        let count = plan.left_over;
        let line = localized(
            format!("{count} of no prompt any more are left out"),
            format!("入力にないプロンプトの回答 {count} 件を除きます"),
        );
        say("answers", &line);
    }
}

/// Says how many results are of no prompt that was asked.
pub(crate) fn strangers(count: u64) {
    if count > 0 {
        let line = localized(
            format!("{count} of no prompt that was asked are left out"),
            format!("入力にないプロンプトの結果 {count} 件を除きます"),
        );
        say("results", &line);
    }
}

/// Asks on a terminal whether so much may be spent. Nobody is there to agree elsewhere.
pub(crate) fn agrees(estimate: &Estimate) -> bool {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return false;
    }
    let most = usd(estimate.most_usd);
    let question = localized(
        format!("It may cost up to {most}. Go on? [y/N] "),
        format!("料金は最大 {most} です。続けますか? [y/N] "),
    );
    let _ = write!(io::stderr(), "{question}");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Writes an object to stdout.
pub(crate) fn json(object: &impl Serialize) {
    if let Ok(json) = serde_json::to_string(object) {
        let _ = writeln!(io::stdout(), "{json}");
    }
}

fn cost(plan: &Plan) -> String {
    let estimate = &plan.estimate;
    let typical = &estimate.typical;
    let by = match typical.sample {
        0 => localized("assumed", "仮定").to_owned(),
        1 => localized("as the one that is there", "1 件の実績").to_owned(),
        sample => {
            let sample = HumanCount(sample);
            localized(
                format!("the mean of {sample}"),
                format!("{sample} 件の平均"),
            )
        }
    };
    let unpriced = match estimate.unpriced_rows {
        0 => String::new(),
        rows => {
            let rows = HumanCount(rows);
            localized(
                format!("; {rows} prompts are of a model without a price"),
                format!("。{rows} 件のモデルは単価が不明です"),
            )
        }
    };
    let flex = match estimate.flex_rows {
        0 => String::new(),
        rows => {
            let rows = HumanCount(rows);
            localized(
                format!("; {rows} in the flexible tier"),
                format!("。{rows} 件は Flex 階層です"),
            )
        }
    };
    let (likely, most) = (usd(estimate.likely_usd), usd(estimate.most_usd));
    let tokens = typical.output_tokens;
    localized(
        format!("{likely} with {tokens} tokens an answer ({by}), {most} at most{unpriced}{flex}"),
        format!(
            "{likely} (1 件の回答が {tokens} トークンの場合。{by})、最大 {most}{unpriced}{flex}"
        ),
    )
}

/// What the output came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    output: PathBuf,
    /// The same as a table, where one was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<PathBuf>,
    /// Rows of the input.
    rows: u64,
    /// Rows that have an answer, those of earlier runs included.
    answered: u64,
    /// Rows without a line: they have been asked elsewhere, and no result of theirs has come.
    missing: usize,
    run: Run,
}

impl Summary {
    pub(crate) fn new(output: &Path, rows: u64, answered_before: u64, run: Run) -> Self {
        Self {
            output: output.to_owned(),
            table: None,
            rows,
            answered: answered_before + run.answered,
            missing: 0,
            run,
        }
    }

    /// Of rows that were asked elsewhere. Answers may have come of prompts that are no longer there.
    pub(crate) fn merged(self, answered: u64, missing: usize) -> Self {
        Self {
            answered,
            missing,
            ..self
        }
    }

    pub(crate) fn table(self, table: Option<PathBuf>) -> Self {
        Self { table, ..self }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.run.stopped_by.is_some()
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.run.stopped_by {
            Some(signal) => 128 + signal,
            None => u8::from(self.answered < self.rows),
        }
    }

    pub(crate) fn print(&self, as_json: bool) {
        let run = &self.run;
        let (answered, rows) = (HumanCount(self.answered), HumanCount(self.rows));
        let (now, cost) = (HumanCount(run.answered), usd(run.cost_usd));
        let time = took(run.seconds);
        let line = localized(
            format!("{answered} of {rows}, {now} now in {time}, {cost} on Bedrock"),
            format!("{rows} 件中 {answered} 件 (今回 {now} 件、{time}、Bedrock では {cost})"),
        );
        say("answered", &line);
        for (code, count) in &run.failed {
            let code = code.replace(char::is_control, "");
            let count = HumanCount(*count);
            let line = localized(
                format!("{count} with {code}"),
                format!("{count} 件 ({code})"),
            );
            say("failed", &line);
        }
        if run.retries > 0 {
            say("retries", &HumanCount(run.retries).to_string());
        }
        self.print_end();
        if as_json {
            json(self);
        }
    }

    fn print_end(&self) {
        let output = self.output.display();
        if self.is_stopped() {
            let in_flight = self.run.dropped;
            let line = localized(
                format!(
                    "{in_flight} in flight are asked again; the same command goes on from {output}.part"
                ),
                format!(
                    "処理中だった {in_flight} 件はもう一度実行します。同じコマンドで {output}.part から再開します"
                ),
            );
            return say("stopped", &line);
        }
        if self.missing > 0 {
            let missing = HumanCount(self.missing as u64);
            let line = localized(
                format!(
                    "{missing} have no result; the same command asks those, and goes on from {output}.part"
                ),
                format!(
                    "{missing} 件の結果がありません。同じコマンドで、{output}.part から続けて実行します"
                ),
            );
            return say("missing", &line);
        }
        let again = match self.exit_code() {
            0 => "",
            _ => localized(
                "; the same command asks those again that failed",
                " (失敗した分は、同じコマンドでもう一度実行できます)",
            ),
        };
        say("output", &format!("{output}{again}"));
        if let Some(table) = &self.table {
            say("table", &table.display().to_string());
        }
    }
}

fn took(seconds: f64) -> String {
    match seconds {
        short if short < 60.0 => format!("{short:.1} s"),
        long => HumanDuration(Duration::from_secs_f64(long)).to_string(),
    }
}
