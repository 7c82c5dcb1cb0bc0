//! Puts the page together: the template with its style, script, data, drawings and tables.

use core::time::Duration;

use swim_core::MessageKind;

use super::curves::Curve;
use super::scale::{grouped, seconds};
use super::{Report, chart, curves, data, each_node, escape, rows, timeline};

/// So many outages are listed at most.
const OUTAGES: usize = 500;

/// What is to be said of the processor's time.
const HERE: &str = "CPU is the time that this machine&rsquo;s processor took, the simulator&rsquo;s own share included: it \
                    differs from run to run, and nothing else here does. ";

pub(super) fn html(report: &Report<'_>) -> String {
    let curves = curves::of(report.history);
    let end = timeline::millis(report.history.end());
    let drawn: String = curves.iter().map(|curve| figure(curve, end)).collect();
    // Within a script element `<` could begin its end.
    let data = data::of(report.history, &curves).to_string().replace('<', "\\u003c");
    let title = format!("{}: {} nodes, seed {}", report.scenario, report.nodes, report.seed);
    let fills = [
        ("TITLE", escape(&title)),
        ("ABOUT", about(report.about)),
        ("COMMAND", escape(report.command)),
        ("VERDICT", verdict(report)),
        ("STYLE", [chart::STYLE, include_str!("page.css")].concat()),
        ("TIMELINE", timeline::inline(report.history)),
        ("CURVES", drawn),
        ("FIGURES", figures(report)),
        ("OUTAGES", outages(report)),
        ("HERE", String::from(if report.cpu_time.is_some() { HERE } else { "" })),
        ("KINDS", kinds(report)),
        ("CPU", each_node::cpu_title(report).to_owned()),
        ("NODES", each_node::html(report)),
        ("HASH", format!("{:016x}", report.trace_hash)),
        ("DATA", data),
        ("SCRIPT", [include_str!("history.js"), include_str!("page.js")].concat()),
    ];
    fill(include_str!("page.html"), &fills)
}

/// A sentence, if there is one.
fn about(about: &str) -> String {
    let about = about.trim_end_matches('.');
    if about.is_empty() { String::new() } else { format!("{}. ", escape(about)) }
}

/// The template with each `{{NAME}}` filled in. What is filled in is not looked at again.
fn fill(template: &str, fills: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = String::from(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let (_, content) =
            fills.iter().find(|(filled, _)| *filled == name).unwrap_or_else(|| panic!("no {name}"));
        page += content;
        page += rest;
    }
    page
}

fn verdict(report: &Report<'_>) -> String {
    let (judged, end) =
        (rows::millis(report.figures.virtual_time), timeline::millis(report.history.end()));
    let after = format!(
        "<p class=\"caption\">Verdict and figures are of the first {}; the recording goes on to {} to show what came of it.</p>",
        seconds(judged),
        seconds(end)
    );
    verdict_at_its_time(report) + if end > judged { &after } else { "" }
}

fn verdict_at_its_time(report: &Report<'_>) -> String {
    let met = report.met.iter().map(|(what, at)| {
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        format!("<li><a href=\"#t={at}\">met at {}</a> {}</li>", seconds(at), escape(what))
    });
    let met: String = met.collect();
    let met = if met.is_empty() { met } else { format!("<ul>{met}</ul>") };
    match report.failure {
        None => format!("<p class=\"verdict good\">All went as expected.</p>{met}"),
        Some(failure) => {
            let mut lines = failure.lines();
            let first = lines.next().unwrap_or_default();
            let rest: Vec<_> = lines.collect();
            format!(
                "<p class=\"verdict bad\">Failed: {}</p><details><summary>All that is known of it</summary><pre>{}</pre></details>{met}",
                escape(first),
                escape(&rest.join("\n"))
            )
        }
    }
}

fn figure(curve: &Curve, end: u64) -> String {
    let legend = curve.series.iter().enumerate().map(|(number, series)| {
        format!(
            "<span class=\"key\"><i class=\"{}\"></i>{} <b data-curve=\"{}\" data-series=\"{number}\"></b></span>",
            chart::swatch(series),
            series.name,
            curve.id
        )
    });
    format!(
        "<figure id=\"{id}\"><h3>{title} <small>{unit}</small></h3><p class=\"legend\">{legend}</p>{drawing}\
         <figcaption>{caption}</figcaption></figure>",
        id = curve.id,
        title = curve.title,
        unit = curve.unit,
        legend = legend.collect::<String>(),
        drawing = chart::inline(curve, end),
        caption = curve.caption
    )
}

fn figures(report: &Report<'_>) -> String {
    let rows = rows::of(report.figures).into_iter().map(|row| {
        let value = if row.value.is_empty() { "–" } else { &grouped(&row.value) };
        format!(
            "<tr><td>{}</td><td class=\"number\">{value}</td><td>{}</td></tr>",
            row.label, row.unit
        )
    });
    rows.collect::<String>() + &cpu_time(report)
}

/// What another run does not repeat, if it was measured.
fn cpu_time(report: &Report<'_>) -> String {
    let Some(cpu) = report.cpu_time else { return String::new() };
    let rows = rows::of_cpu(report.figures, cpu).map(|(_, label, nanos)| {
        let value = nanos.map_or_else(|| String::from("–"), |nanos| each_node::micros(Duration::from_nanos(nanos)));
        format!("<tr class=\"here\"><td>{label}</td><td class=\"number\">{value}</td><td>&micro;s</td></tr>")
    });
    rows.concat()
}

/// Messages by kind: those that were sent or received at all.
fn kinds(report: &Report<'_>) -> String {
    let total = &report.figures.total;
    let all =
        MessageKind::ALL.into_iter().map(|kind| (kind, total.sent(kind), total.received(kind)));
    let rows = all.filter(|(_, sent, received)| sent + received > 0).map(|(kind, sent, received)| {
        let [sent, received] = [sent, received].map(|count| grouped(&count.to_string()));
        let rate = total.per_node_second(total.sent(kind));
        format!(
            "<tr><td><code>{kind}</code></td><td class=\"number\">{sent}</td><td class=\"number\">{received}</td>\
             <td class=\"number\">{rate}</td></tr>"
        )
    });
    rows.collect()
}

fn outages(report: &Report<'_>) -> String {
    let all = &report.figures.outages;
    let rows = all.iter().take(OUTAGES).map(|outage| {
        let (at, node) = (rows::began(outage), outage.node);
        let times = rows::of_outage(outage).map(|(_, _, after)| {
            let text = after
                .map_or(String::from("–"), |after| seconds(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)));
            format!("<td class=\"number\">{text}</td>")
        });
        format!(
            "<tr><td><a href=\"#t={at}&amp;node={node}\">node-{node}</a></td><td class=\"number\">{}</td>{}</tr>",
            seconds(at),
            times.concat()
        )
    });
    let more = all.len().saturating_sub(OUTAGES);
    let rest = if more > 0 {
        format!("<tr><td colspan=\"7\">and {more} more</td></tr>")
    } else {
        String::new()
    };
    let none = if all.is_empty() {
        "<tr><td colspan=\"7\">No process ended without saying so.</td></tr>"
    } else {
        ""
    };
    rows.collect::<String>() + &rest + none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let fills = [("A", String::from("{{B}}")), ("B", String::from("b"))];
        assert_eq!(fill("<{{A}}|{{B}}>", &fills), "<{{B}}|b>");
    }

    #[test]
    fn what_a_run_is_about_is_a_sentence_or_nothing() {
        assert_eq!(
            ["", "a split", "a <split>."].map(about),
            ["", "a split. ", "a &lt;split&gt;. "]
        );
    }
}
