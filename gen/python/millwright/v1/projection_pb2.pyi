from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millwright.v1 import model_pb2 as _model_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Metric(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METRIC_UNSPECIFIED: _ClassVar[Metric]
    METRIC_COSINE: _ClassVar[Metric]
    METRIC_L2: _ClassVar[Metric]
    METRIC_DOT: _ClassVar[Metric]

class Embedder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMBEDDER_UNSPECIFIED: _ClassVar[Embedder]
    EMBEDDER_LEXICAL_HASH: _ClassVar[Embedder]
    EMBEDDER_HTTP: _ClassVar[Embedder]
    EMBEDDER_WORKERS: _ClassVar[Embedder]

class InputOverflow(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_OVERFLOW_UNSPECIFIED: _ClassVar[InputOverflow]
    INPUT_OVERFLOW_FAIL: _ClassVar[InputOverflow]
    INPUT_OVERFLOW_TRUNCATE: _ClassVar[InputOverflow]

class SlotRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLOT_ROLE_UNSPECIFIED: _ClassVar[SlotRole]
    SLOT_ROLE_BUILDING: _ClassVar[SlotRole]
    SLOT_ROLE_ACTIVE: _ClassVar[SlotRole]
    SLOT_ROLE_PREVIOUS: _ClassVar[SlotRole]
    SLOT_ROLE_RETIRED: _ClassVar[SlotRole]

class ProjectionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROJECTION_STATE_UNSPECIFIED: _ClassVar[ProjectionState]
    PROJECTION_STATE_FRESH: _ClassVar[ProjectionState]
    PROJECTION_STATE_BUILDING: _ClassVar[ProjectionState]
    PROJECTION_STATE_STALE: _ClassVar[ProjectionState]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_ACTIVATED: _ClassVar[Outcome]
    OUTCOME_UNCHANGED: _ClassVar[Outcome]
    OUTCOME_REBUILDING: _ClassVar[Outcome]

class WorkState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORK_STATE_UNSPECIFIED: _ClassVar[WorkState]
    WORK_STATE_PENDING: _ClassVar[WorkState]
    WORK_STATE_INFLIGHT: _ClassVar[WorkState]
    WORK_STATE_FAILED: _ClassVar[WorkState]
    WORK_STATE_DISCARDED: _ClassVar[WorkState]

class WorkOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORK_OUTCOME_UNSPECIFIED: _ClassVar[WorkOutcome]
    WORK_OUTCOME_PROCESSED: _ClassVar[WorkOutcome]
    WORK_OUTCOME_FAILED: _ClassVar[WorkOutcome]
    WORK_OUTCOME_DISCARDED_STALE: _ClassVar[WorkOutcome]
    WORK_OUTCOME_REVERTED: _ClassVar[WorkOutcome]

class EmbedderState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMBEDDER_STATE_UNSPECIFIED: _ClassVar[EmbedderState]
    EMBEDDER_STATE_READY: _ClassVar[EmbedderState]
    EMBEDDER_STATE_COOLING_DOWN: _ClassVar[EmbedderState]
    EMBEDDER_STATE_UNAVAILABLE: _ClassVar[EmbedderState]
    EMBEDDER_STATE_MISCONFIGURED: _ClassVar[EmbedderState]

class DrainEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DRAIN_END_UNSPECIFIED: _ClassVar[DrainEnd]
    DRAIN_END_IDLE: _ClassVar[DrainEnd]
    DRAIN_END_TIMEOUT: _ClassVar[DrainEnd]
    DRAIN_END_EMBEDDER_UNAVAILABLE: _ClassVar[DrainEnd]
METRIC_UNSPECIFIED: Metric
METRIC_COSINE: Metric
METRIC_L2: Metric
METRIC_DOT: Metric
EMBEDDER_UNSPECIFIED: Embedder
EMBEDDER_LEXICAL_HASH: Embedder
EMBEDDER_HTTP: Embedder
EMBEDDER_WORKERS: Embedder
INPUT_OVERFLOW_UNSPECIFIED: InputOverflow
INPUT_OVERFLOW_FAIL: InputOverflow
INPUT_OVERFLOW_TRUNCATE: InputOverflow
SLOT_ROLE_UNSPECIFIED: SlotRole
SLOT_ROLE_BUILDING: SlotRole
SLOT_ROLE_ACTIVE: SlotRole
SLOT_ROLE_PREVIOUS: SlotRole
SLOT_ROLE_RETIRED: SlotRole
PROJECTION_STATE_UNSPECIFIED: ProjectionState
PROJECTION_STATE_FRESH: ProjectionState
PROJECTION_STATE_BUILDING: ProjectionState
PROJECTION_STATE_STALE: ProjectionState
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_ACTIVATED: Outcome
OUTCOME_UNCHANGED: Outcome
OUTCOME_REBUILDING: Outcome
WORK_STATE_UNSPECIFIED: WorkState
WORK_STATE_PENDING: WorkState
WORK_STATE_INFLIGHT: WorkState
WORK_STATE_FAILED: WorkState
WORK_STATE_DISCARDED: WorkState
WORK_OUTCOME_UNSPECIFIED: WorkOutcome
WORK_OUTCOME_PROCESSED: WorkOutcome
WORK_OUTCOME_FAILED: WorkOutcome
WORK_OUTCOME_DISCARDED_STALE: WorkOutcome
WORK_OUTCOME_REVERTED: WorkOutcome
EMBEDDER_STATE_UNSPECIFIED: EmbedderState
EMBEDDER_STATE_READY: EmbedderState
EMBEDDER_STATE_COOLING_DOWN: EmbedderState
EMBEDDER_STATE_UNAVAILABLE: EmbedderState
EMBEDDER_STATE_MISCONFIGURED: EmbedderState
DRAIN_END_UNSPECIFIED: DrainEnd
DRAIN_END_IDLE: DrainEnd
DRAIN_END_TIMEOUT: DrainEnd
DRAIN_END_EMBEDDER_UNAVAILABLE: DrainEnd

class EmbedderLimits(_message.Message):
    __slots__ = ("max_batch_items", "max_batch_tokens", "requests_per_minute", "tokens_per_minute", "max_concurrency", "timeout")
    MAX_BATCH_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TOKENS_PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    max_batch_items: int
    max_batch_tokens: int
    requests_per_minute: int
    tokens_per_minute: int
    max_concurrency: int
    timeout: _duration_pb2.Duration
    def __init__(self, max_batch_items: _Optional[int] = ..., max_batch_tokens: _Optional[int] = ..., requests_per_minute: _Optional[int] = ..., tokens_per_minute: _Optional[int] = ..., max_concurrency: _Optional[int] = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class EmbeddingProfile(_message.Message):
    __slots__ = ("id", "fingerprint", "tenant", "model", "dimension", "metric", "normalize", "document_prefix", "query_prefix", "max_input_tokens", "overflow", "embedder", "endpoint_ref", "limits", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    METRIC_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_PREFIX_FIELD_NUMBER: _ClassVar[int]
    QUERY_PREFIX_FIELD_NUMBER: _ClassVar[int]
    MAX_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_REF_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    fingerprint: str
    tenant: str
    model: _model_pb2.ModelRef
    dimension: int
    metric: Metric
    normalize: bool
    document_prefix: str
    query_prefix: str
    max_input_tokens: int
    overflow: InputOverflow
    embedder: Embedder
    endpoint_ref: str
    limits: EmbedderLimits
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., fingerprint: _Optional[str] = ..., tenant: _Optional[str] = ..., model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ..., dimension: _Optional[int] = ..., metric: _Optional[_Union[Metric, str]] = ..., normalize: bool = ..., document_prefix: _Optional[str] = ..., query_prefix: _Optional[str] = ..., max_input_tokens: _Optional[int] = ..., overflow: _Optional[_Union[InputOverflow, str]] = ..., embedder: _Optional[_Union[Embedder, str]] = ..., endpoint_ref: _Optional[str] = ..., limits: _Optional[_Union[EmbedderLimits, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProfileProbe(_message.Message):
    __slots__ = ("dimension", "finite", "norm", "order_kept", "batch_limit", "latency", "similarity", "problems")
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    FINITE_FIELD_NUMBER: _ClassVar[int]
    NORM_FIELD_NUMBER: _ClassVar[int]
    ORDER_KEPT_FIELD_NUMBER: _ClassVar[int]
    BATCH_LIMIT_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    dimension: int
    finite: bool
    norm: float
    order_kept: bool
    batch_limit: int
    latency: _duration_pb2.Duration
    similarity: float
    problems: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, dimension: _Optional[int] = ..., finite: bool = ..., norm: _Optional[float] = ..., order_kept: bool = ..., batch_limit: _Optional[int] = ..., latency: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., similarity: _Optional[float] = ..., problems: _Optional[_Iterable[str]] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ("id", "profile_id", "role", "backfill_job_id", "problem", "created_at", "activated_at", "retired_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_JOB_ID_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_AT_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    profile_id: str
    role: SlotRole
    backfill_job_id: str
    problem: str
    created_at: _timestamp_pb2.Timestamp
    activated_at: _timestamp_pb2.Timestamp
    retired_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., profile_id: _Optional[str] = ..., role: _Optional[_Union[SlotRole, str]] = ..., backfill_job_id: _Optional[str] = ..., problem: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., activated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., retired_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Projection(_message.Message):
    __slots__ = ("kind", "tenant", "enabled", "paused", "pause_reason", "state", "slots", "auto_cut_over", "max_failed", "created_at", "updated_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    PAUSE_REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    AUTO_CUT_OVER_FIELD_NUMBER: _ClassVar[int]
    MAX_FAILED_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    tenant: str
    enabled: bool
    paused: bool
    pause_reason: str
    state: ProjectionState
    slots: _containers.RepeatedCompositeFieldContainer[Slot]
    auto_cut_over: bool
    max_failed: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[str] = ..., tenant: _Optional[str] = ..., enabled: bool = ..., paused: bool = ..., pause_reason: _Optional[str] = ..., state: _Optional[_Union[ProjectionState, str]] = ..., slots: _Optional[_Iterable[_Union[Slot, _Mapping]]] = ..., auto_cut_over: bool = ..., max_failed: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RebuildImpact(_message.Message):
    __slots__ = ("chunks", "chunks_to_embed", "estimated_tokens", "active_profile_id", "abandoned_profile_id")
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_TO_EMBED_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    ABANDONED_PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    chunks: int
    chunks_to_embed: int
    estimated_tokens: int
    active_profile_id: str
    abandoned_profile_id: str
    def __init__(self, chunks: _Optional[int] = ..., chunks_to_embed: _Optional[int] = ..., estimated_tokens: _Optional[int] = ..., active_profile_id: _Optional[str] = ..., abandoned_profile_id: _Optional[str] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("kind", "chunk_id", "text", "metadata_json", "canonical_hash", "created_at", "updated_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_HASH_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunk_id: str
    text: str
    metadata_json: str
    canonical_hash: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[str] = ..., chunk_id: _Optional[str] = ..., text: _Optional[str] = ..., metadata_json: _Optional[str] = ..., canonical_hash: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChunkWrite(_message.Message):
    __slots__ = ("chunk_id", "text", "metadata_json")
    CHUNK_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    chunk_id: str
    text: str
    metadata_json: str
    def __init__(self, chunk_id: _Optional[str] = ..., text: _Optional[str] = ..., metadata_json: _Optional[str] = ...) -> None: ...

class WorkItem(_message.Message):
    __slots__ = ("work_id", "kind", "chunk_id", "text", "canonical_hash", "priority", "slot_id", "profile_id", "state", "attempt", "error", "estimated_tokens", "enqueued_at", "available_at")
    WORK_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_HASH_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ENQUEUED_AT_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_AT_FIELD_NUMBER: _ClassVar[int]
    work_id: str
    kind: str
    chunk_id: str
    text: str
    canonical_hash: str
    priority: int
    slot_id: str
    profile_id: str
    state: WorkState
    attempt: int
    error: str
    estimated_tokens: int
    enqueued_at: _timestamp_pb2.Timestamp
    available_at: _timestamp_pb2.Timestamp
    def __init__(self, work_id: _Optional[str] = ..., kind: _Optional[str] = ..., chunk_id: _Optional[str] = ..., text: _Optional[str] = ..., canonical_hash: _Optional[str] = ..., priority: _Optional[int] = ..., slot_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., state: _Optional[_Union[WorkState, str]] = ..., attempt: _Optional[int] = ..., error: _Optional[str] = ..., estimated_tokens: _Optional[int] = ..., enqueued_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., available_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WorkResult(_message.Message):
    __slots__ = ("work_id", "outcome", "error")
    WORK_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    work_id: str
    outcome: WorkOutcome
    error: str
    def __init__(self, work_id: _Optional[str] = ..., outcome: _Optional[_Union[WorkOutcome, str]] = ..., error: _Optional[str] = ...) -> None: ...

class WorkVector(_message.Message):
    __slots__ = ("work_id", "values")
    WORK_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    work_id: str
    values: bytes
    def __init__(self, work_id: _Optional[str] = ..., values: _Optional[bytes] = ...) -> None: ...

class WorkFailure(_message.Message):
    __slots__ = ("work_id", "error")
    WORK_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    work_id: str
    error: str
    def __init__(self, work_id: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class StoredVector(_message.Message):
    __slots__ = ("chunk_id", "values", "canonical_hash", "current", "applied_at")
    CHUNK_ID_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_HASH_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    APPLIED_AT_FIELD_NUMBER: _ClassVar[int]
    chunk_id: str
    values: bytes
    canonical_hash: str
    current: bool
    applied_at: _timestamp_pb2.Timestamp
    def __init__(self, chunk_id: _Optional[str] = ..., values: _Optional[bytes] = ..., canonical_hash: _Optional[str] = ..., current: bool = ..., applied_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SlotStatus(_message.Message):
    __slots__ = ("slot_id", "profile_id", "role", "pending_incremental", "pending_backfill", "unqueued", "inflight", "failed", "embedder_state", "embedder_error", "retry_at")
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PENDING_INCREMENTAL_FIELD_NUMBER: _ClassVar[int]
    PENDING_BACKFILL_FIELD_NUMBER: _ClassVar[int]
    UNQUEUED_FIELD_NUMBER: _ClassVar[int]
    INFLIGHT_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_STATE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_ERROR_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_FIELD_NUMBER: _ClassVar[int]
    slot_id: str
    profile_id: str
    role: SlotRole
    pending_incremental: int
    pending_backfill: int
    unqueued: int
    inflight: int
    failed: int
    embedder_state: EmbedderState
    embedder_error: str
    retry_at: _timestamp_pb2.Timestamp
    def __init__(self, slot_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., role: _Optional[_Union[SlotRole, str]] = ..., pending_incremental: _Optional[int] = ..., pending_backfill: _Optional[int] = ..., unqueued: _Optional[int] = ..., inflight: _Optional[int] = ..., failed: _Optional[int] = ..., embedder_state: _Optional[_Union[EmbedderState, str]] = ..., embedder_error: _Optional[str] = ..., retry_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProjectionStatus(_message.Message):
    __slots__ = ("kind", "state", "pending_incremental", "pending_backfill", "inflight", "failed", "discarded", "last_completed_at", "lag_seconds", "enabled", "paused", "applied_sequence", "backfill_job_id", "slots", "measured_at")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PENDING_INCREMENTAL_FIELD_NUMBER: _ClassVar[int]
    PENDING_BACKFILL_FIELD_NUMBER: _ClassVar[int]
    INFLIGHT_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    LAST_COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    LAG_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_JOB_ID_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    MEASURED_AT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    state: ProjectionState
    pending_incremental: int
    pending_backfill: int
    inflight: int
    failed: int
    discarded: int
    last_completed_at: _timestamp_pb2.Timestamp
    lag_seconds: float
    enabled: bool
    paused: bool
    applied_sequence: int
    backfill_job_id: str
    slots: _containers.RepeatedCompositeFieldContainer[SlotStatus]
    measured_at: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[str] = ..., state: _Optional[_Union[ProjectionState, str]] = ..., pending_incremental: _Optional[int] = ..., pending_backfill: _Optional[int] = ..., inflight: _Optional[int] = ..., failed: _Optional[int] = ..., discarded: _Optional[int] = ..., last_completed_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., lag_seconds: _Optional[float] = ..., enabled: bool = ..., paused: bool = ..., applied_sequence: _Optional[int] = ..., backfill_job_id: _Optional[str] = ..., slots: _Optional[_Iterable[_Union[SlotStatus, _Mapping]]] = ..., measured_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DrainProgress(_message.Message):
    __slots__ = ("ticks", "incremental_processed", "backfill_processed", "failed", "discarded_stale", "remaining", "elapsed")
    TICKS_FIELD_NUMBER: _ClassVar[int]
    INCREMENTAL_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_STALE_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    ticks: int
    incremental_processed: int
    backfill_processed: int
    failed: int
    discarded_stale: int
    remaining: int
    elapsed: _duration_pb2.Duration
    def __init__(self, ticks: _Optional[int] = ..., incremental_processed: _Optional[int] = ..., backfill_processed: _Optional[int] = ..., failed: _Optional[int] = ..., discarded_stale: _Optional[int] = ..., remaining: _Optional[int] = ..., elapsed: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class DrainReport(_message.Message):
    __slots__ = ("incremental_processed", "backfill_processed", "failed", "discarded_stale", "embedder_unavailable_ticks", "ticks", "remaining", "ended_by", "elapsed")
    INCREMENTAL_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_STALE_FIELD_NUMBER: _ClassVar[int]
    EMBEDDER_UNAVAILABLE_TICKS_FIELD_NUMBER: _ClassVar[int]
    TICKS_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    incremental_processed: int
    backfill_processed: int
    failed: int
    discarded_stale: int
    embedder_unavailable_ticks: int
    ticks: int
    remaining: int
    ended_by: DrainEnd
    elapsed: _duration_pb2.Duration
    def __init__(self, incremental_processed: _Optional[int] = ..., backfill_processed: _Optional[int] = ..., failed: _Optional[int] = ..., discarded_stale: _Optional[int] = ..., embedder_unavailable_ticks: _Optional[int] = ..., ticks: _Optional[int] = ..., remaining: _Optional[int] = ..., ended_by: _Optional[_Union[DrainEnd, str]] = ..., elapsed: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SearchHit(_message.Message):
    __slots__ = ("chunk_id", "score", "text", "metadata_json", "stale")
    CHUNK_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    chunk_id: str
    score: float
    text: str
    metadata_json: str
    stale: bool
    def __init__(self, chunk_id: _Optional[str] = ..., score: _Optional[float] = ..., text: _Optional[str] = ..., metadata_json: _Optional[str] = ..., stale: bool = ...) -> None: ...
