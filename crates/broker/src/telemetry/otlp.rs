//! Reads OTLP's metrics (Protocol Buffers) as far as numbers go. Bounded: what is beyond a bound is left out.
//!
//! ```text
//! MetricsData 1: ResourceMetrics 2: ScopeMetrics 2: Metric 1: name, 5: Gauge 7: Sum
//!   Gauge, Sum 1: NumberDataPoint 7: attributes, 4: double 6: sfixed64; Sum 2: temporality
//! KeyValue 1: key 2: AnyValue 1: string 2: bool 3: int 4: double
//! ```
//! No recursion: each level is a loop over the slice of its message.

/// One number of one metric.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) value: f64,
    /// What happened since the last push, rather than since the start.
    pub(crate) is_delta: bool,
}

/// The bytes are no such message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Samples of one push.
const SAMPLES_MAX: usize = 1000;
const ATTRIBUTES_MAX: usize = 16;
/// Names and values are cut here.
const TEXT_BYTES_MAX: usize = 200;
const DELTA: u64 = 1;

/// A field of a message.
enum Field<'a> {
    Number(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32,
}

/// Walks over the fields of one message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Fixed64(self.take(8)?.try_into().map_err(|_| Malformed)?),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Field::Bytes(self.take(len)?)
            }
            5 => {
                self.take(4)?;
                Field::Fixed32
            }
            // Groups were never used here.
            _ => return Err(Malformed),
        };
        Ok(Some((key >> 3, field)))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = *self.take(1)?.first().ok_or(Malformed)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Malformed);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Calls `each` with every message in field `number` of a message.
fn each_message<'a>(
    bytes: &'a [u8],
    number: u64,
    mut each: impl FnMut(&'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut fields = Fields(bytes);
    while let Some((found, field)) = fields.next()? {
        if let (true, Field::Bytes(inner)) = (found == number, field) {
            each(inner)?;
        }
    }
    Ok(())
}

/// The samples of a push.
///
/// # Errors
/// The bytes are no such message.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Sample>, Malformed> {
    let mut samples = Vec::new();
    each_message(bytes, 1, |resource| {
        each_message(resource, 2, |scope| {
            each_message(scope, 2, |metric| read_metric(metric, &mut samples))
        })
    })?;
    Ok(samples)
}

fn read_metric(bytes: &[u8], samples: &mut Vec<Sample>) -> Result<(), Malformed> {
    let mut name = String::new();
    let (mut data, mut is_delta) = (None, false);
    let mut fields = Fields(bytes);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Bytes(text)) => name = text_of(text)?,
            (5, Field::Bytes(gauge)) => data = Some(gauge),
            (7, Field::Bytes(sum)) => {
                data = Some(sum);
                is_delta = temporality(sum)? == DELTA;
            }
            // Histograms and summaries: no client sends them yet.
            _ => {}
        }
    }
    let Some(data) = data else {
        return Ok(());
    };
    each_message(data, 1, |point| {
        let Some((attributes, value)) = read_point(point)? else {
            return Ok(());
        };
        if samples.len() < SAMPLES_MAX && value.is_finite() {
            samples.push(Sample { name: name.clone(), attributes, value, is_delta });
        }
        Ok(())
    })
}

fn temporality(sum: &[u8]) -> Result<u64, Malformed> {
    let (mut found, mut fields) = (0, Fields(sum));
    while let Some((number, field)) = fields.next()? {
        if let (2, Field::Number(value)) = (number, field) {
            found = value;
        }
    }
    Ok(found)
}

type Point = (Vec<(String, String)>, f64);

fn read_point(bytes: &[u8]) -> Result<Option<Point>, Malformed> {
    let (mut attributes, mut value) = (Vec::new(), None);
    let mut fields = Fields(bytes);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (4, Field::Fixed64(bits)) => value = Some(f64::from_le_bytes(bits)),
            (6, Field::Fixed64(bits)) => value = Some(i64::from_le_bytes(bits) as f64),
            (7, Field::Bytes(pair)) => {
                let pair = read_pair(pair)?;
                if attributes.len() < ATTRIBUTES_MAX {
                    attributes.push(pair);
                }
            }
            _ => {}
        }
    }
    Ok(value.map(|value| (attributes, value)))
}

fn read_pair(bytes: &[u8]) -> Result<(String, String), Malformed> {
    let (mut key, mut value) = (String::new(), String::new());
    let mut fields = Fields(bytes);
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Bytes(text)) => key = text_of(text)?,
            (2, Field::Bytes(any)) => value = read_any(any)?,
            _ => {}
        }
    }
    Ok((key, value))
}

fn read_any(bytes: &[u8]) -> Result<String, Malformed> {
    let (mut value, mut fields) = (String::new(), Fields(bytes));
    while let Some((number, field)) = fields.next()? {
        match (number, field) {
            (1, Field::Bytes(text)) => value = text_of(text)?,
            (2, Field::Number(bit)) => value = (bit != 0).to_string(),
            (3, Field::Number(int)) => value = int.cast_signed().to_string(),
            (4, Field::Fixed64(bits)) => value = f64::from_le_bytes(bits).to_string(),
            _ => {}
        }
    }
    Ok(value)
}

fn text_of(bytes: &[u8]) -> Result<String, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Ok(text.get(..end).unwrap_or_default().to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value > 0x7f {
            out.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    fn message(number: u64, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        varint(number << 3 | 2, &mut out);
        varint(inner.len() as u64, &mut out);
        out.extend_from_slice(inner);
        out
    }

    fn point(attribute: (&str, &str), number: u64, bits: [u8; 8]) -> Vec<u8> {
        let any = message(1, attribute.1.as_bytes());
        let pair = [message(1, attribute.0.as_bytes()), message(2, &any)].concat();
        let mut point = message(7, &pair);
        varint(number << 3 | 1, &mut point);
        point.extend_from_slice(&bits);
        message(1, &point)
    }

    fn example() -> Vec<u8> {
        let gauge = point(("client.kind", "producer"), 4, 2.5f64.to_le_bytes());
        let gauge = [message(1, b"a.gauge"), message(5, &gauge)].concat();
        let mut sum = point(("topic", "t"), 6, (-7i64).to_le_bytes());
        sum.extend_from_slice(&[2 << 3, 1]);
        let sum = [message(1, b"a.sum"), message(7, &sum)].concat();
        let scope = [message(2, &gauge), message(2, &sum)].concat();
        message(1, &message(2, &scope))
    }

    #[test]
    fn gauges_and_sums_are_read_with_their_attributes() {
        let samples = decode(&example()).unwrap();
        let expected = [
            ("a.gauge", ("client.kind", "producer"), 2.5, false),
            ("a.sum", ("topic", "t"), -7.0, true),
        ];
        let expected = expected.map(|(name, (key, text), value, is_delta)| Sample {
            name: name.to_owned(),
            attributes: vec![(key.to_owned(), text.to_owned())],
            value,
            is_delta,
        });
        assert_eq!(samples, expected);
        assert_eq!(decode(&[]), Ok(Vec::new()));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_panic() {
        let good = example();
        for cut in 1..good.len() {
            let _ = decode(&good[..cut]);
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[cut] ^= 1 << bit;
                let _ = decode(&bad);
            }
        }
        assert_eq!(decode(&good[..good.len() - 1]), Err(Malformed));
        assert_eq!(
            decode(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
            Err(Malformed)
        );
        assert_eq!(decode(&[0xff; 11]), Err(Malformed));
    }

    #[test]
    fn a_push_of_very_many_samples_is_cut() {
        let gauge = point(("k", &"v".repeat(5000)), 4, 1f64.to_le_bytes());
        let metric = [message(1, &[b'n'; 5000]), message(5, &gauge.repeat(3000))].concat();
        let bytes = message(1, &message(2, &message(2, &metric)));
        let samples = decode(&bytes).unwrap();
        assert_eq!(samples.len(), SAMPLES_MAX);
        assert_eq!(samples[0].name.len(), TEXT_BYTES_MAX);
        assert_eq!(samples[0].attributes[0].1.len(), TEXT_BYTES_MAX);
    }
}
