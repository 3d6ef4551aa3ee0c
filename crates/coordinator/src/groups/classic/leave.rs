//! Members that leave, or that an administrator removes.

use super::{ClassicGroup, Step};
use crate::groups::command::{GroupError, Leave, LeavingMember};
use crate::groups::departure::Departure;

impl ClassicGroup {
    pub(in crate::groups) fn leave(
        &mut self,
        leave: &Leave,
        step: &mut Step<'_>,
    ) -> Vec<Result<(), GroupError>> {
        let results: Vec<_> = leave
            .members
            .iter()
            .map(|member| self.leave_one(member, step))
            .collect();
        self.after_leave(&results, step);
        results
    }

    fn leave_one(
        &mut self,
        leaving: &LeavingMember,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        if leaving.member_id.is_empty() {
            let instance = leaving.instance_id.as_ref();
            let member = instance.and_then(|instance| self.instances.get(instance));
            let member = member.cloned().ok_or(GroupError::UnknownMemberId)?;
            self.remove_member(&member, Departure::Left, step);
            return Ok(());
        }
        if leaving.instance_id.is_none() && self.forget_promise(&leaving.member_id, step) {
            return Ok(());
        }
        self.check_member(&leaving.member_id, leaving.instance_id.as_ref())?;
        self.remove_member(&leaving.member_id, Departure::Left, step);
        Ok(())
    }

    fn after_leave(&mut self, results: &[Result<(), GroupError>], step: &mut Step<'_>) {
        if results.iter().any(Result::is_ok) {
            self.after_removal(step);
        }
    }
}
