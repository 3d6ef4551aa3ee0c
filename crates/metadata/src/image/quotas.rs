//! Client quotas by entity.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

/// Whom a quota limits: entity types with names, such as `user` = `alice`. No name means "everyone else".
pub type QuotaEntity = BTreeMap<Arc<str>, Option<Arc<str>>>;

/// Every quota.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quotas {
    // Invariant: no map is empty.
    by_entity: OrdMap<QuotaEntity, Arc<BTreeMap<Arc<str>, f64>>>,
}

impl Quotas {
    /// The quotas of an entity; `None` when nothing is set.
    #[must_use]
    pub fn of(&self, entity: &QuotaEntity) -> Option<&Arc<BTreeMap<Arc<str>, f64>>> {
        self.by_entity.get(entity)
    }

    /// Every entity with quotas.
    pub fn iter(&self) -> impl Iterator<Item = (&QuotaEntity, &Arc<BTreeMap<Arc<str>, f64>>)> {
        self.by_entity.iter()
    }

    /// Sets a quota, or removes it with `None`.
    pub(crate) fn set(&mut self, entity: QuotaEntity, key: &str, value: Option<f64>) {
        let mut map = self.by_entity.get(&entity).cloned().unwrap_or_default();
        let values = Arc::make_mut(&mut map);
        match value {
            Some(value) => values.insert(key.into(), value),
            None => values.remove(key),
        };
        if map.is_empty() {
            self.by_entity.remove(&entity);
        } else {
            self.by_entity.insert(entity, map);
        }
    }
}
