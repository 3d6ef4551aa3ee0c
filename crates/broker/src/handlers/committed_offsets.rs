//! What the two requests that commit offsets answer alike.

use crate::request::error_code;
use klamm_coordinator::groups::GroupError;
use klamm_wire::ErrorCode;

/// Fills the coordinator's words into the places that were left open (NONE), in order.
pub(super) fn fill_in<'a>(
    codes: impl Iterator<Item = &'a mut i16>,
    answer: Result<Vec<Result<(), GroupError>>, ErrorCode>,
) {
    let mut answer = answer.map(Vec::into_iter);
    for code in codes.filter(|code| **code == ErrorCode::NONE.code()) {
        let error = match &mut answer {
            Ok(results) => match results.next() {
                Some(Ok(())) => ErrorCode::NONE,
                Some(Err(error)) => error_code::of_group(error),
                None => ErrorCode::UNKNOWN_SERVER_ERROR,
            },
            Err(error) => *error,
        };
        *code = error.code();
    }
}
