from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millwright.v1 import model_pb2 as _model_pb2
from millwright.v1 import projection_pb2 as _projection_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterProfileRequest(_message.Message):
    __slots__ = ("model", "dimension", "metric", "normalize", "document_prefix", "query_prefix", "max_input_tokens", "overflow", "embedder", "endpoint_ref", "limits")
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
    model: _model_pb2.ModelRef
    dimension: int
    metric: _projection_pb2.Metric
    normalize: bool
    document_prefix: str
    query_prefix: str
    max_input_tokens: int
    overflow: _projection_pb2.InputOverflow
    embedder: _projection_pb2.Embedder
    endpoint_ref: str
    limits: _projection_pb2.EmbedderLimits
    def __init__(self, model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ..., dimension: _Optional[int] = ..., metric: _Optional[_Union[_projection_pb2.Metric, str]] = ..., normalize: bool = ..., document_prefix: _Optional[str] = ..., query_prefix: _Optional[str] = ..., max_input_tokens: _Optional[int] = ..., overflow: _Optional[_Union[_projection_pb2.InputOverflow, str]] = ..., embedder: _Optional[_Union[_projection_pb2.Embedder, str]] = ..., endpoint_ref: _Optional[str] = ..., limits: _Optional[_Union[_projection_pb2.EmbedderLimits, _Mapping]] = ...) -> None: ...

class RegisterProfileResponse(_message.Message):
    __slots__ = ("profile", "created")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    profile: _projection_pb2.EmbeddingProfile
    created: bool
    def __init__(self, profile: _Optional[_Union[_projection_pb2.EmbeddingProfile, _Mapping]] = ..., created: bool = ...) -> None: ...

class ProbeProfileRequest(_message.Message):
    __slots__ = ("profile_id",)
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    def __init__(self, profile_id: _Optional[str] = ...) -> None: ...

class ProbeProfileResponse(_message.Message):
    __slots__ = ("probe",)
    PROBE_FIELD_NUMBER: _ClassVar[int]
    probe: _projection_pb2.ProfileProbe
    def __init__(self, probe: _Optional[_Union[_projection_pb2.ProfileProbe, _Mapping]] = ...) -> None: ...

class GetProfileRequest(_message.Message):
    __slots__ = ("profile_id",)
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    def __init__(self, profile_id: _Optional[str] = ...) -> None: ...

class GetProfileResponse(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _projection_pb2.EmbeddingProfile
    def __init__(self, profile: _Optional[_Union[_projection_pb2.EmbeddingProfile, _Mapping]] = ...) -> None: ...

class ListProfilesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProfilesResponse(_message.Message):
    __slots__ = ("profiles", "next_page_token")
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    profiles: _containers.RepeatedCompositeFieldContainer[_projection_pb2.EmbeddingProfile]
    next_page_token: str
    def __init__(self, profiles: _Optional[_Iterable[_Union[_projection_pb2.EmbeddingProfile, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateProfileLimitsRequest(_message.Message):
    __slots__ = ("profile_id", "limits", "endpoint_ref")
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ENDPOINT_REF_FIELD_NUMBER: _ClassVar[int]
    profile_id: str
    limits: _projection_pb2.EmbedderLimits
    endpoint_ref: str
    def __init__(self, profile_id: _Optional[str] = ..., limits: _Optional[_Union[_projection_pb2.EmbedderLimits, _Mapping]] = ..., endpoint_ref: _Optional[str] = ...) -> None: ...

class UpdateProfileLimitsResponse(_message.Message):
    __slots__ = ("profile",)
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    profile: _projection_pb2.EmbeddingProfile
    def __init__(self, profile: _Optional[_Union[_projection_pb2.EmbeddingProfile, _Mapping]] = ...) -> None: ...

class ConfigureProjectionRequest(_message.Message):
    __slots__ = ("kind", "profile_id", "acknowledge_rebuild_impact", "auto_cut_over", "max_failed", "validate_only")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_REBUILD_IMPACT_FIELD_NUMBER: _ClassVar[int]
    AUTO_CUT_OVER_FIELD_NUMBER: _ClassVar[int]
    MAX_FAILED_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    profile_id: str
    acknowledge_rebuild_impact: bool
    auto_cut_over: bool
    max_failed: int
    validate_only: bool
    def __init__(self, kind: _Optional[str] = ..., profile_id: _Optional[str] = ..., acknowledge_rebuild_impact: bool = ..., auto_cut_over: bool = ..., max_failed: _Optional[int] = ..., validate_only: bool = ...) -> None: ...

class ConfigureProjectionResponse(_message.Message):
    __slots__ = ("projection", "outcome", "backfill_job_id", "impact")
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_JOB_ID_FIELD_NUMBER: _ClassVar[int]
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    outcome: _projection_pb2.Outcome
    backfill_job_id: str
    impact: _projection_pb2.RebuildImpact
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ..., outcome: _Optional[_Union[_projection_pb2.Outcome, str]] = ..., backfill_job_id: _Optional[str] = ..., impact: _Optional[_Union[_projection_pb2.RebuildImpact, _Mapping]] = ...) -> None: ...

class GetProjectionRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    def __init__(self, kind: _Optional[str] = ...) -> None: ...

class GetProjectionResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class ListProjectionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProjectionsResponse(_message.Message):
    __slots__ = ("projections", "next_page_token")
    PROJECTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    projections: _containers.RepeatedCompositeFieldContainer[_projection_pb2.Projection]
    next_page_token: str
    def __init__(self, projections: _Optional[_Iterable[_Union[_projection_pb2.Projection, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DisableProjectionRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    def __init__(self, kind: _Optional[str] = ...) -> None: ...

class DisableProjectionResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class PauseProjectionRequest(_message.Message):
    __slots__ = ("kind", "reason")
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    kind: str
    reason: str
    def __init__(self, kind: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class PauseProjectionResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class ResumeProjectionRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    def __init__(self, kind: _Optional[str] = ...) -> None: ...

class ResumeProjectionResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class GetProjectionStatusRequest(_message.Message):
    __slots__ = ("kinds", "page_size", "page_token")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    page_size: int
    page_token: str
    def __init__(self, kinds: _Optional[_Iterable[str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetProjectionStatusResponse(_message.Message):
    __slots__ = ("statuses", "next_page_token")
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedCompositeFieldContainer[_projection_pb2.ProjectionStatus]
    next_page_token: str
    def __init__(self, statuses: _Optional[_Iterable[_Union[_projection_pb2.ProjectionStatus, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchProjectionRequest(_message.Message):
    __slots__ = ("kind",)
    KIND_FIELD_NUMBER: _ClassVar[int]
    kind: str
    def __init__(self, kind: _Optional[str] = ...) -> None: ...

class WatchProjectionResponse(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: _projection_pb2.ProjectionStatus
    def __init__(self, status: _Optional[_Union[_projection_pb2.ProjectionStatus, _Mapping]] = ...) -> None: ...

class CutOverRequest(_message.Message):
    __slots__ = ("kind", "expected_active_slot_id", "dry_run", "max_failed")
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ACTIVE_SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    MAX_FAILED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    expected_active_slot_id: str
    dry_run: bool
    max_failed: int
    def __init__(self, kind: _Optional[str] = ..., expected_active_slot_id: _Optional[str] = ..., dry_run: bool = ..., max_failed: _Optional[int] = ...) -> None: ...

class CutOverResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class RollBackRequest(_message.Message):
    __slots__ = ("kind", "expected_active_slot_id", "dry_run")
    KIND_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ACTIVE_SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    kind: str
    expected_active_slot_id: str
    dry_run: bool
    def __init__(self, kind: _Optional[str] = ..., expected_active_slot_id: _Optional[str] = ..., dry_run: bool = ...) -> None: ...

class RollBackResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class RetireSlotRequest(_message.Message):
    __slots__ = ("kind", "slot_id", "expected_active_slot_id", "dry_run")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ACTIVE_SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    kind: str
    slot_id: str
    expected_active_slot_id: str
    dry_run: bool
    def __init__(self, kind: _Optional[str] = ..., slot_id: _Optional[str] = ..., expected_active_slot_id: _Optional[str] = ..., dry_run: bool = ...) -> None: ...

class RetireSlotResponse(_message.Message):
    __slots__ = ("projection",)
    PROJECTION_FIELD_NUMBER: _ClassVar[int]
    projection: _projection_pb2.Projection
    def __init__(self, projection: _Optional[_Union[_projection_pb2.Projection, _Mapping]] = ...) -> None: ...

class UpsertChunksRequest(_message.Message):
    __slots__ = ("kind", "chunks", "priority")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunks: _containers.RepeatedCompositeFieldContainer[_projection_pb2.ChunkWrite]
    priority: int
    def __init__(self, kind: _Optional[str] = ..., chunks: _Optional[_Iterable[_Union[_projection_pb2.ChunkWrite, _Mapping]]] = ..., priority: _Optional[int] = ...) -> None: ...

class UpsertChunksResponse(_message.Message):
    __slots__ = ("written", "unchanged", "enqueued", "sequence")
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    ENQUEUED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    written: int
    unchanged: int
    enqueued: int
    sequence: int
    def __init__(self, written: _Optional[int] = ..., unchanged: _Optional[int] = ..., enqueued: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class ImportChunksRequest(_message.Message):
    __slots__ = ("kind", "chunks", "priority")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunks: _containers.RepeatedCompositeFieldContainer[_projection_pb2.ChunkWrite]
    priority: int
    def __init__(self, kind: _Optional[str] = ..., chunks: _Optional[_Iterable[_Union[_projection_pb2.ChunkWrite, _Mapping]]] = ..., priority: _Optional[int] = ...) -> None: ...

class ImportChunksResponse(_message.Message):
    __slots__ = ("batches", "written", "unchanged", "enqueued", "sequence")
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    WRITTEN_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    ENQUEUED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    batches: int
    written: int
    unchanged: int
    enqueued: int
    sequence: int
    def __init__(self, batches: _Optional[int] = ..., written: _Optional[int] = ..., unchanged: _Optional[int] = ..., enqueued: _Optional[int] = ..., sequence: _Optional[int] = ...) -> None: ...

class GetChunksRequest(_message.Message):
    __slots__ = ("kind", "chunk_ids")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., chunk_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetChunksResponse(_message.Message):
    __slots__ = ("chunks", "missing_chunk_ids")
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    MISSING_CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    chunks: _containers.RepeatedCompositeFieldContainer[_projection_pb2.Chunk]
    missing_chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, chunks: _Optional[_Iterable[_Union[_projection_pb2.Chunk, _Mapping]]] = ..., missing_chunk_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteChunksRequest(_message.Message):
    __slots__ = ("kind", "chunk_ids")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., chunk_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteChunksResponse(_message.Message):
    __slots__ = ("deleted", "absent")
    DELETED_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    absent: int
    def __init__(self, deleted: _Optional[int] = ..., absent: _Optional[int] = ...) -> None: ...

class ClaimWorkRequest(_message.Message):
    __slots__ = ("worker_id", "kinds", "profile_ids", "max_items", "max_tokens", "lease", "wait")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_IDS_FIELD_NUMBER: _ClassVar[int]
    MAX_ITEMS_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    kinds: _containers.RepeatedScalarFieldContainer[str]
    profile_ids: _containers.RepeatedScalarFieldContainer[str]
    max_items: int
    max_tokens: int
    lease: _duration_pb2.Duration
    wait: _duration_pb2.Duration
    def __init__(self, worker_id: _Optional[str] = ..., kinds: _Optional[_Iterable[str]] = ..., profile_ids: _Optional[_Iterable[str]] = ..., max_items: _Optional[int] = ..., max_tokens: _Optional[int] = ..., lease: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., wait: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ClaimWorkResponse(_message.Message):
    __slots__ = ("batch_token", "deadline", "heartbeat_interval", "profile", "items")
    BATCH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    batch_token: str
    deadline: _timestamp_pb2.Timestamp
    heartbeat_interval: _duration_pb2.Duration
    profile: _projection_pb2.EmbeddingProfile
    items: _containers.RepeatedCompositeFieldContainer[_projection_pb2.WorkItem]
    def __init__(self, batch_token: _Optional[str] = ..., deadline: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., profile: _Optional[_Union[_projection_pb2.EmbeddingProfile, _Mapping]] = ..., items: _Optional[_Iterable[_Union[_projection_pb2.WorkItem, _Mapping]]] = ...) -> None: ...

class HeartbeatWorkRequest(_message.Message):
    __slots__ = ("batch_token",)
    BATCH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    batch_token: str
    def __init__(self, batch_token: _Optional[str] = ...) -> None: ...

class HeartbeatWorkResponse(_message.Message):
    __slots__ = ("deadline", "held_work_ids")
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    HELD_WORK_IDS_FIELD_NUMBER: _ClassVar[int]
    deadline: _timestamp_pb2.Timestamp
    held_work_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, deadline: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., held_work_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ReleaseWorkRequest(_message.Message):
    __slots__ = ("batch_token", "reason", "retry_after")
    BATCH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    batch_token: str
    reason: str
    retry_after: _duration_pb2.Duration
    def __init__(self, batch_token: _Optional[str] = ..., reason: _Optional[str] = ..., retry_after: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ReleaseWorkResponse(_message.Message):
    __slots__ = ("released",)
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    released: int
    def __init__(self, released: _Optional[int] = ...) -> None: ...

class ApplyWorkRequest(_message.Message):
    __slots__ = ("batch_token", "vectors", "failures", "unavailable_reason")
    BATCH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_REASON_FIELD_NUMBER: _ClassVar[int]
    batch_token: str
    vectors: _containers.RepeatedCompositeFieldContainer[_projection_pb2.WorkVector]
    failures: _containers.RepeatedCompositeFieldContainer[_projection_pb2.WorkFailure]
    unavailable_reason: str
    def __init__(self, batch_token: _Optional[str] = ..., vectors: _Optional[_Iterable[_Union[_projection_pb2.WorkVector, _Mapping]]] = ..., failures: _Optional[_Iterable[_Union[_projection_pb2.WorkFailure, _Mapping]]] = ..., unavailable_reason: _Optional[str] = ...) -> None: ...

class ApplyWorkResponse(_message.Message):
    __slots__ = ("processed", "failed", "discarded_stale", "reverted", "outcomes")
    PROCESSED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    DISCARDED_STALE_FIELD_NUMBER: _ClassVar[int]
    REVERTED_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    processed: int
    failed: int
    discarded_stale: int
    reverted: int
    outcomes: _containers.RepeatedCompositeFieldContainer[_projection_pb2.WorkResult]
    def __init__(self, processed: _Optional[int] = ..., failed: _Optional[int] = ..., discarded_stale: _Optional[int] = ..., reverted: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[_projection_pb2.WorkResult, _Mapping]]] = ...) -> None: ...

class DrainProjectionRequest(_message.Message):
    __slots__ = ("kinds", "timeout")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    timeout: _duration_pb2.Duration
    def __init__(self, kinds: _Optional[_Iterable[str]] = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class DrainProjectionResponse(_message.Message):
    __slots__ = ("progress", "report")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    progress: _projection_pb2.DrainProgress
    report: _projection_pb2.DrainReport
    def __init__(self, progress: _Optional[_Union[_projection_pb2.DrainProgress, _Mapping]] = ..., report: _Optional[_Union[_projection_pb2.DrainReport, _Mapping]] = ...) -> None: ...

class WaitForSequenceRequest(_message.Message):
    __slots__ = ("kind", "sequence", "timeout")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    sequence: int
    timeout: _duration_pb2.Duration
    def __init__(self, kind: _Optional[str] = ..., sequence: _Optional[int] = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class WaitForSequenceResponse(_message.Message):
    __slots__ = ("reached", "failed", "applied_sequence")
    REACHED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    APPLIED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    reached: bool
    failed: int
    applied_sequence: int
    def __init__(self, reached: bool = ..., failed: _Optional[int] = ..., applied_sequence: _Optional[int] = ...) -> None: ...

class ListWorkRequest(_message.Message):
    __slots__ = ("kind", "state", "slot_id", "page_size", "page_token")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kind: str
    state: _projection_pb2.WorkState
    slot_id: str
    page_size: int
    page_token: str
    def __init__(self, kind: _Optional[str] = ..., state: _Optional[_Union[_projection_pb2.WorkState, str]] = ..., slot_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListWorkResponse(_message.Message):
    __slots__ = ("items", "next_page_token")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[_projection_pb2.WorkItem]
    next_page_token: str
    def __init__(self, items: _Optional[_Iterable[_Union[_projection_pb2.WorkItem, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RetryWorkRequest(_message.Message):
    __slots__ = ("kind", "state", "work_ids")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WORK_IDS_FIELD_NUMBER: _ClassVar[int]
    kind: str
    state: _projection_pb2.WorkState
    work_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., state: _Optional[_Union[_projection_pb2.WorkState, str]] = ..., work_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RetryWorkResponse(_message.Message):
    __slots__ = ("retried",)
    RETRIED_FIELD_NUMBER: _ClassVar[int]
    retried: int
    def __init__(self, retried: _Optional[int] = ...) -> None: ...

class DiscardWorkRequest(_message.Message):
    __slots__ = ("kind", "state", "work_ids", "reason")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WORK_IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    kind: str
    state: _projection_pb2.WorkState
    work_ids: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    def __init__(self, kind: _Optional[str] = ..., state: _Optional[_Union[_projection_pb2.WorkState, str]] = ..., work_ids: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...

class DiscardWorkResponse(_message.Message):
    __slots__ = ("discarded",)
    DISCARDED_FIELD_NUMBER: _ClassVar[int]
    discarded: int
    def __init__(self, discarded: _Optional[int] = ...) -> None: ...

class RequeueChunksRequest(_message.Message):
    __slots__ = ("kind", "chunk_ids", "state", "priority", "force")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    state: _projection_pb2.WorkState
    priority: int
    force: bool
    def __init__(self, kind: _Optional[str] = ..., chunk_ids: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[_projection_pb2.WorkState, str]] = ..., priority: _Optional[int] = ..., force: bool = ...) -> None: ...

class RequeueChunksResponse(_message.Message):
    __slots__ = ("enqueued", "missing_chunk_ids", "sequence")
    ENQUEUED_FIELD_NUMBER: _ClassVar[int]
    MISSING_CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    enqueued: int
    missing_chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    sequence: int
    def __init__(self, enqueued: _Optional[int] = ..., missing_chunk_ids: _Optional[_Iterable[str]] = ..., sequence: _Optional[int] = ...) -> None: ...

class GetVectorsRequest(_message.Message):
    __slots__ = ("kind", "chunk_ids", "slot_id")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    kind: str
    chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    slot_id: str
    def __init__(self, kind: _Optional[str] = ..., chunk_ids: _Optional[_Iterable[str]] = ..., slot_id: _Optional[str] = ...) -> None: ...

class GetVectorsResponse(_message.Message):
    __slots__ = ("vectors", "missing_chunk_ids", "slot_id", "profile_id")
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    MISSING_CHUNK_IDS_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    vectors: _containers.RepeatedCompositeFieldContainer[_projection_pb2.StoredVector]
    missing_chunk_ids: _containers.RepeatedScalarFieldContainer[str]
    slot_id: str
    profile_id: str
    def __init__(self, vectors: _Optional[_Iterable[_Union[_projection_pb2.StoredVector, _Mapping]]] = ..., missing_chunk_ids: _Optional[_Iterable[str]] = ..., slot_id: _Optional[str] = ..., profile_id: _Optional[str] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("kind", "query_text", "query_vector", "k", "metadata_filter_json", "min_score", "exact", "slot_id", "omit_text")
    KIND_FIELD_NUMBER: _ClassVar[int]
    QUERY_TEXT_FIELD_NUMBER: _ClassVar[int]
    QUERY_VECTOR_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    METADATA_FILTER_JSON_FIELD_NUMBER: _ClassVar[int]
    MIN_SCORE_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    OMIT_TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    query_text: str
    query_vector: bytes
    k: int
    metadata_filter_json: str
    min_score: float
    exact: bool
    slot_id: str
    omit_text: bool
    def __init__(self, kind: _Optional[str] = ..., query_text: _Optional[str] = ..., query_vector: _Optional[bytes] = ..., k: _Optional[int] = ..., metadata_filter_json: _Optional[str] = ..., min_score: _Optional[float] = ..., exact: bool = ..., slot_id: _Optional[str] = ..., omit_text: bool = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("hits", "lexical_only", "slot_id", "profile_id", "exact")
    HITS_FIELD_NUMBER: _ClassVar[int]
    LEXICAL_ONLY_FIELD_NUMBER: _ClassVar[int]
    SLOT_ID_FIELD_NUMBER: _ClassVar[int]
    PROFILE_ID_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[_projection_pb2.SearchHit]
    lexical_only: bool
    slot_id: str
    profile_id: str
    exact: bool
    def __init__(self, hits: _Optional[_Iterable[_Union[_projection_pb2.SearchHit, _Mapping]]] = ..., lexical_only: bool = ..., slot_id: _Optional[str] = ..., profile_id: _Optional[str] = ..., exact: bool = ...) -> None: ...
