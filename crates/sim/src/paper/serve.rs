//! Requests on paper: what each call answers.

use super::log::{Appended, Log};
use super::{Bug, State, Topic, framed};
use bytes::Bytes;
use klamm_codec::{Dec, Message, Records, Str};
use klamm_model::Uuid;
use klamm_wire::messages::api_versions::*;
use klamm_wire::messages::create_topics::*;
use klamm_wire::messages::delete_records::*;
use klamm_wire::messages::delete_topics::*;
use klamm_wire::messages::describe_configs::*;
use klamm_wire::messages::fetch::*;
use klamm_wire::messages::incremental_alter_configs::*;
use klamm_wire::messages::init_producer_id::*;
use klamm_wire::messages::list_offsets::*;
use klamm_wire::messages::metadata::*;
use klamm_wire::messages::produce::*;
use klamm_wire::{ApiKey, ErrorCode, Request};
use std::path::Path;

pub(super) enum Reply {
    Answer(Bytes),
    Silence,
    Close,
}

/// It has no flusher: it syncs every batch, unless the bug needs torn ones.
fn syncs(bug: Bug, synced: bool) -> bool {
    match bug {
        Bug::AckBeforeSync => false,
        Bug::NoChecksums => synced,
        _ => true,
    }
}

impl State {
    pub(super) fn answer(&mut self, frame: Bytes) -> Reply {
        self.requests += 1;
        let mut dec = Dec::new(frame);
        let head = (dec.i16(), dec.i16(), dec.i32(), dec.nullable_string(false));
        let (Ok(key), Ok(version), Ok(correlation), Ok(_)) = head else {
            return Reply::Close;
        };
        if self.bug == Bug::Hangs && self.requests.is_multiple_of(400) {
            self.bug = Bug::Hangs;
            self.requests = 399;
            return Reply::Silence;
        }
        macro_rules! calls {
            ($($request:ident => $handler:ident),*) => {
                $(if key == $request::KEY as i16 {
                    if version >= $request::FLEXIBLE_FROM && dec.skip_tagged_fields().is_err() {
                        return Reply::Close;
                    }
                    let Ok(request) = $request::decode(&mut dec, version) else {
                        return Reply::Close;
                    };
                    return match self.$handler(request) {
                        Some(answer) => {
                            Reply::Answer(framed::<$request>(correlation, version, &answer))
                        }
                        None => Reply::Silence,
                    };
                })*
            };
        }
        calls!(ApiVersionsRequest => api_versions, ProduceRequest => produce, FetchRequest => fetch, ListOffsetsRequest => list_offsets,
            MetadataRequest => metadata, CreateTopicsRequest => create, DeleteTopicsRequest => delete,
            DeleteRecordsRequest => delete_records, InitProducerIdRequest => init_producer_id,
            DescribeConfigsRequest => describe, IncrementalAlterConfigsRequest => alter);
        Reply::Close
    }

    fn api_versions(&mut self, _: ApiVersionsRequest) -> Option<ApiVersionsResponse> {
        let api = |key: ApiKey| {
            let (min_version, max_version) = key.versions();
            ApiVersion { api_key: key as i16, min_version, max_version }
        };
        let api_keys = ApiKey::ALL.iter().map(|key| api(*key)).collect();
        Some(ApiVersionsResponse { api_keys, ..ApiVersionsResponse::default() })
    }

    fn topic(&mut self, name: &str, id: Uuid) -> Option<&mut Topic> {
        let mut topics = self.topics.iter_mut();
        topics
            .find(|(n, topic)| {
                if id == Uuid::ZERO {
                    *n == name
                } else {
                    topic.id == id
                }
            })
            .map(|(_, topic)| topic)
    }

    fn log(&mut self, name: &str, id: Uuid, partition: i32) -> Result<(bool, &mut Log), ErrorCode> {
        let unknown = if id == Uuid::ZERO {
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        } else {
            ErrorCode::UNKNOWN_TOPIC_ID
        };
        let topic = self.topic(name, id).ok_or(unknown)?;
        let index = usize::try_from(partition).unwrap_or(usize::MAX);
        let log = topic.logs.get_mut(index).ok_or(unknown)?;
        Ok((topic.synced, log))
    }

    fn produce(&mut self, request: ProduceRequest) -> Option<ProduceResponse> {
        let bug = self.bug;
        let topic = request.topic_data.first()?;
        let data = topic.partition_data.first()?;
        let bytes = data.records.as_ref()?.as_bytes()?.clone();
        let appended = match self.log(&topic.name, topic.topic_id, data.index) {
            Ok((synced, log)) => log
                .append(&bytes, syncs(bug, synced))
                .map_err(|_| ErrorCode::KAFKA_STORAGE_ERROR),
            Err(code) => Err(code),
        };
        let (code, base_offset) = match appended {
            Ok(Appended::At(base)) => (ErrorCode::NONE, base + i64::from(bug == Bug::WrongOffset)),
            Ok(Appended::OutOfOrder) => (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1),
            Err(code) => (code, -1),
        };
        let partition = PartitionProduceResponse {
            index: data.index,
            error_code: code.0,
            base_offset,
            ..PartitionProduceResponse::default()
        };
        let response = TopicProduceResponse {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partition_responses: vec![partition],
        };
        (request.acks != 0)
            .then(|| ProduceResponse { responses: vec![response], ..ProduceResponse::default() })
    }

    fn fetch(&mut self, request: FetchRequest) -> Option<FetchResponse> {
        let lucky = self.requests.is_multiple_of(7);
        let topic = request.topics.first()?;
        let wanted = topic.partitions.first()?;
        let limit = request.max_bytes.min(wanted.partition_max_bytes);
        let limit = usize::try_from(limit).unwrap_or(0);
        let mut partition =
            PartitionData { partition_index: wanted.partition, ..Default::default() };
        match self.log(&topic.topic, topic.topic_id, wanted.partition) {
            Ok((_, log)) => {
                let range = log.start..=log.end();
                partition.high_watermark = log.end();
                partition.last_stable_offset = log.end();
                partition.log_start_offset = log.start;
                if range.contains(&wanted.fetch_offset) {
                    let bytes = log.read(wanted.fetch_offset, limit, lucky).ok()?;
                    partition.records = Some(Records::Bytes(bytes));
                } else {
                    partition.error_code = ErrorCode::OFFSET_OUT_OF_RANGE.0;
                }
            }
            Err(code) => partition.error_code = code.0,
        }
        let response = FetchableTopicResponse {
            topic: topic.topic.clone(),
            topic_id: topic.topic_id,
            partitions: vec![partition],
        };
        Some(FetchResponse { responses: vec![response], ..FetchResponse::default() })
    }

    fn list_offsets(&mut self, request: ListOffsetsRequest) -> Option<ListOffsetsResponse> {
        let topic = request.topics.first()?;
        let wanted = topic.partitions.first()?;
        let mut answer = ListOffsetsPartitionResponse {
            partition_index: wanted.partition_index,
            ..ListOffsetsPartitionResponse::default()
        };
        match self.log(&topic.name, Uuid::ZERO, wanted.partition_index) {
            Ok((_, log)) if wanted.timestamp == -1 => answer.offset = log.end(),
            Ok((_, log)) if wanted.timestamp == -2 => answer.offset = log.start,
            Ok((_, log)) => answer.offset = log.at_time(wanted.timestamp).ok()?,
            Err(code) => answer.error_code = code.0,
        }
        let topic = ListOffsetsTopicResponse { name: topic.name.clone(), partitions: vec![answer] };
        Some(ListOffsetsResponse { topics: vec![topic], ..ListOffsetsResponse::default() })
    }

    fn metadata(&mut self, request: MetadataRequest) -> Option<MetadataResponse> {
        let names: Vec<Str> = match request.topics {
            None => self
                .topics
                .keys()
                .map(|name| Str::from(name.as_str()))
                .collect(),
            Some(topics) => topics.into_iter().filter_map(|topic| topic.name).collect(),
        };
        let answer = |name: Str| {
            let id = self.topics.get(&*name).map(|topic| topic.id);
            let code = match id {
                Some(_) => ErrorCode::NONE,
                None => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            };
            MetadataResponseTopic {
                error_code: code.0,
                name: Some(name),
                topic_id: id.unwrap_or_default(),
                ..MetadataResponseTopic::default()
            }
        };
        let topics = names.into_iter().map(answer).collect();
        Some(MetadataResponse { topics, ..MetadataResponse::default() })
    }

    fn create(&mut self, request: CreateTopicsRequest) -> Option<CreateTopicsResponse> {
        let wanted = request.topics.first()?;
        let mut result =
            CreatableTopicResult { name: wanted.name.clone(), ..CreatableTopicResult::default() };
        if self.topics.contains_key(&*wanted.name) {
            result.error_code = ErrorCode::TOPIC_ALREADY_EXISTS.0;
        } else {
            let id = Uuid::from_random(self.host.entropy.next_u128());
            let disk = &*self.host.disk;
            let open = |i| {
                let name = format!("/paper/{id}-{i}");
                Log::open(disk, Path::new(&name), 0, self.bug)
            };
            let logs: Result<Vec<Log>, _> = (0..wanted.num_partitions).map(open).collect();
            disk.sync_dir(Path::new("/paper")).ok()?;
            let synced = wanted
                .configs
                .iter()
                .any(|config| &*config.name == "flush.messages");
            let topic = Topic { id, synced, retention_ms: 604_800_000, logs: logs.ok()? };
            self.topics.insert(wanted.name.to_string(), topic);
            if self.bug != Bug::ForgetsTopics {
                self.save().ok()?;
            }
        }
        Some(CreateTopicsResponse { topics: vec![result], ..CreateTopicsResponse::default() })
    }

    fn delete(&mut self, request: DeleteTopicsRequest) -> Option<DeleteTopicsResponse> {
        let (id, name) = match request.topics.first() {
            Some(topic) => (topic.topic_id, Str::default()),
            None => (Uuid::ZERO, request.topic_names.first()?.clone()),
        };
        let before = self.topics.len();
        self.topics.retain(|n, topic| {
            if id == Uuid::ZERO {
                **n != *name
            } else {
                topic.id != id
            }
        });
        let code = if self.topics.len() < before {
            ErrorCode::NONE
        } else {
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        };
        self.save().ok()?;
        let result = DeletableTopicResult {
            name: Some(name),
            topic_id: id,
            error_code: code.0,
            error_message: None,
        };
        Some(DeleteTopicsResponse { responses: vec![result], ..DeleteTopicsResponse::default() })
    }

    fn delete_records(&mut self, request: DeleteRecordsRequest) -> Option<DeleteRecordsResponse> {
        let topic = request.topics.first()?;
        let wanted = topic.partitions.first()?;
        let mut result = DeleteRecordsPartitionResult {
            partition_index: wanted.partition_index,
            ..DeleteRecordsPartitionResult::default()
        };
        match self.log(&topic.name, Uuid::ZERO, wanted.partition_index) {
            Ok((_, log)) if wanted.offset <= log.end() => log.start = log.start.max(wanted.offset),
            Ok(_) => result.error_code = ErrorCode::OFFSET_OUT_OF_RANGE.0,
            Err(code) => result.error_code = code.0,
        }
        self.save().ok()?;
        let topic = DeleteRecordsTopicResult { name: topic.name.clone(), partitions: vec![result] };
        Some(DeleteRecordsResponse { topics: vec![topic], ..DeleteRecordsResponse::default() })
    }

    fn init_producer_id(&mut self, _: InitProducerIdRequest) -> Option<InitProducerIdResponse> {
        self.next_producer += 1;
        self.save().ok()?;
        Some(InitProducerIdResponse {
            producer_id: self.next_producer,
            ..InitProducerIdResponse::default()
        })
    }

    fn describe(&mut self, request: DescribeConfigsRequest) -> Option<DescribeConfigsResponse> {
        let wanted = request.resources.first()?;
        let retention = self.topic(&wanted.resource_name, Uuid::ZERO)?.retention_ms;
        let config = DescribeConfigsResourceResult {
            name: Str::from("retention.ms"),
            value: Some(Str::from(retention.to_string())),
            ..DescribeConfigsResourceResult::default()
        };
        let result = DescribeConfigsResult {
            resource_type: wanted.resource_type,
            resource_name: wanted.resource_name.clone(),
            configs: vec![config],
            ..DescribeConfigsResult::default()
        };
        Some(DescribeConfigsResponse {
            results: vec![result],
            ..DescribeConfigsResponse::default()
        })
    }

    fn alter(
        &mut self,
        request: IncrementalAlterConfigsRequest,
    ) -> Option<IncrementalAlterConfigsResponse> {
        let wanted = request.resources.first()?;
        let value = wanted.configs.first()?.value.as_ref()?.parse().ok()?;
        let mut result = AlterConfigsResourceResponse {
            resource_type: wanted.resource_type,
            resource_name: wanted.resource_name.clone(),
            ..AlterConfigsResourceResponse::default()
        };
        match self.topic(&wanted.resource_name, Uuid::ZERO) {
            Some(topic) => topic.retention_ms = value,
            None => result.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0,
        }
        self.save().ok()?;
        Some(IncrementalAlterConfigsResponse {
            responses: vec![result],
            ..IncrementalAlterConfigsResponse::default()
        })
    }
}
