//! Times as people write them: `2026-01-31T12:00:00Z`, with or without time of day, fraction and zone.

/// Milliseconds since the Unix epoch of a date in ISO 8601 form. Without a zone it means UTC. `None` if it is no date.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = digits(parts.next()?, 4, 0..=9999)?;
    let month = digits(parts.next()?, 2, 1..=12)?;
    let day = digits(parts.next()?, 2, 1..=days_in(year, month))?;
    let days = days_from_civil(year, month, day);
    let ms = match time {
        None => 0,
        Some(time) => time_of_day(time)?,
    };
    Some(days * DAY_MS + ms)
}

/// A time as `2026-01-31T12:00:00.123Z`; the number itself outside the years 0 to 9999.
pub(crate) fn show(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil_from_days(days);
    if !(0..=9999).contains(&year) {
        return ms.to_string();
    }
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

const DAY_MS: i64 = 86_400_000;

fn time_of_day(text: &str) -> Option<i64> {
    let (clock, zone_ms) = match text.find(['Z', 'z', '+', '-']) {
        None => (text, 0),
        Some(at) => {
            let (clock, zone) = text.split_at(at);
            let zone_ms = match zone.split_at_checked(1)? {
                ("Z" | "z", "") => 0,
                ("+", zone) => hours_and_minutes(zone)?,
                ("-", zone) => -hours_and_minutes(zone)?,
                _ => return None,
            };
            (clock, zone_ms)
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.splitn(3, ':');
    let hour = digits(parts.next()?, 2, 0..=23)?;
    let minute = digits(parts.next()?, 2, 0..=59)?;
    let second = parts
        .next()
        .map_or(Some(0), |text| digits(text, 2, 0..=59))?;
    if !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let milli: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1000 + milli - zone_ms)
}

fn hours_and_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':').or_else(|| text.split_at_checked(2))?;
    let minutes = if minutes.is_empty() {
        0
    } else {
        digits(minutes, 2, 0..=59)?
    };
    Some((digits(hours, 2, 0..=23)? * 60 + minutes) * 60_000)
}

fn digits(text: &str, count: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let all_digits = text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    let number = all_digits.then(|| text.parse().ok()).flatten()?;
    range.contains(&number).then_some(number)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, counting years from March so that the leap day comes last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + days.div_euclid(146_097) * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00+01:00", 0),
            ("1969-12-31T23:00-0100", 0),
            ("2000-02-29T12:34:56.789Z", 951_827_696_789),
            ("2026-11-24 22:58:54.8", 1_795_561_134_800),
            ("2026-11-24T22:58:54.123456", 1_795_561_134_123),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        for bad in [
            "",
            "now",
            "1",
            "2026-13-01",
            "2026-02-29",
            "2026-01-01T24:00",
            "2026-01-01Tx",
            "2026-1-1",
            "2026-01-01T00:00:00.x",
            "2026-01-01T00:00ZZ",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_of_five_centuries_reads_back() {
        for day in -80_000..100_000 {
            let ms = day * DAY_MS + 12_345_678;
            assert_eq!(parse(&show(ms)), Some(ms));
        }
        assert_eq!(show(i64::MAX), i64::MAX.to_string());
    }
}
