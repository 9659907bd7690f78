from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_OWN: _ClassVar[Scope]
    SCOPE_GLOBAL: _ClassVar[Scope]

class ModelStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_STATUS_UNSPECIFIED: _ClassVar[ModelStatus]
    MODEL_STATUS_REGISTERED: _ClassVar[ModelStatus]
    MODEL_STATUS_LOADED: _ClassVar[ModelStatus]
    MODEL_STATUS_FAILED: _ClassVar[ModelStatus]
    MODEL_STATUS_ARCHIVED: _ClassVar[ModelStatus]

class ModelView(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_VIEW_UNSPECIFIED: _ClassVar[ModelView]
    MODEL_VIEW_BASIC: _ClassVar[ModelView]
    MODEL_VIEW_FULL: _ClassVar[ModelView]

class AliasAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALIAS_ACTION_UNSPECIFIED: _ClassVar[AliasAction]
    ALIAS_ACTION_SET: _ClassVar[AliasAction]
    ALIAS_ACTION_SWAP: _ClassVar[AliasAction]
    ALIAS_ACTION_ROLLBACK: _ClassVar[AliasAction]
    ALIAS_ACTION_DELETE: _ClassVar[AliasAction]

class LineageDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINEAGE_DIRECTION_UNSPECIFIED: _ClassVar[LineageDirection]
    LINEAGE_DIRECTION_UPSTREAM: _ClassVar[LineageDirection]
    LINEAGE_DIRECTION_DOWNSTREAM: _ClassVar[LineageDirection]
    LINEAGE_DIRECTION_BOTH: _ClassVar[LineageDirection]

class LineageRelation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINEAGE_RELATION_UNSPECIFIED: _ClassVar[LineageRelation]
    LINEAGE_RELATION_BASE_MODEL: _ClassVar[LineageRelation]
    LINEAGE_RELATION_JOB_INPUT: _ClassVar[LineageRelation]
    LINEAGE_RELATION_JOB_OUTPUT: _ClassVar[LineageRelation]
    LINEAGE_RELATION_EVAL_RUN: _ClassVar[LineageRelation]
    LINEAGE_RELATION_RESULT_TABLE: _ClassVar[LineageRelation]

class ModelEventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_EVENT_TYPE_UNSPECIFIED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_REGISTERED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_UPDATED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_DELETED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_ALIAS_MOVED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_ALIAS_DELETED: _ClassVar[ModelEventType]
    MODEL_EVENT_TYPE_EVALUATED: _ClassVar[ModelEventType]
SCOPE_UNSPECIFIED: Scope
SCOPE_OWN: Scope
SCOPE_GLOBAL: Scope
MODEL_STATUS_UNSPECIFIED: ModelStatus
MODEL_STATUS_REGISTERED: ModelStatus
MODEL_STATUS_LOADED: ModelStatus
MODEL_STATUS_FAILED: ModelStatus
MODEL_STATUS_ARCHIVED: ModelStatus
MODEL_VIEW_UNSPECIFIED: ModelView
MODEL_VIEW_BASIC: ModelView
MODEL_VIEW_FULL: ModelView
ALIAS_ACTION_UNSPECIFIED: AliasAction
ALIAS_ACTION_SET: AliasAction
ALIAS_ACTION_SWAP: AliasAction
ALIAS_ACTION_ROLLBACK: AliasAction
ALIAS_ACTION_DELETE: AliasAction
LINEAGE_DIRECTION_UNSPECIFIED: LineageDirection
LINEAGE_DIRECTION_UPSTREAM: LineageDirection
LINEAGE_DIRECTION_DOWNSTREAM: LineageDirection
LINEAGE_DIRECTION_BOTH: LineageDirection
LINEAGE_RELATION_UNSPECIFIED: LineageRelation
LINEAGE_RELATION_BASE_MODEL: LineageRelation
LINEAGE_RELATION_JOB_INPUT: LineageRelation
LINEAGE_RELATION_JOB_OUTPUT: LineageRelation
LINEAGE_RELATION_EVAL_RUN: LineageRelation
LINEAGE_RELATION_RESULT_TABLE: LineageRelation
MODEL_EVENT_TYPE_UNSPECIFIED: ModelEventType
MODEL_EVENT_TYPE_REGISTERED: ModelEventType
MODEL_EVENT_TYPE_UPDATED: ModelEventType
MODEL_EVENT_TYPE_DELETED: ModelEventType
MODEL_EVENT_TYPE_ALIAS_MOVED: ModelEventType
MODEL_EVENT_TYPE_ALIAS_DELETED: ModelEventType
MODEL_EVENT_TYPE_EVALUATED: ModelEventType

class ModelRef(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ModelVersion(_message.Message):
    __slots__ = ("name", "version", "catalog_pk", "tenant", "scope", "model_type", "backend", "task", "status", "base_model", "artifact_uri", "artifact_digest", "config_json", "labels", "aliases", "source_job_id", "metrics", "created_at", "updated_at", "etag")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CATALOG_PK_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MODEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_URI_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_JOB_ID_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    catalog_pk: str
    tenant: str
    scope: Scope
    model_type: str
    backend: str
    task: str
    status: ModelStatus
    base_model: ModelRef
    artifact_uri: str
    artifact_digest: str
    config_json: str
    labels: _containers.ScalarMap[str, str]
    aliases: _containers.RepeatedScalarFieldContainer[str]
    source_job_id: str
    metrics: _containers.ScalarMap[str, float]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., catalog_pk: _Optional[str] = ..., tenant: _Optional[str] = ..., scope: _Optional[_Union[Scope, str]] = ..., model_type: _Optional[str] = ..., backend: _Optional[str] = ..., task: _Optional[str] = ..., status: _Optional[_Union[ModelStatus, str]] = ..., base_model: _Optional[_Union[ModelRef, _Mapping]] = ..., artifact_uri: _Optional[str] = ..., artifact_digest: _Optional[str] = ..., config_json: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., aliases: _Optional[_Iterable[str]] = ..., source_job_id: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class ModelAlias(_message.Message):
    __slots__ = ("name", "alias", "version", "created_at", "updated_at")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias: str
    version: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AliasChange(_message.Message):
    __slots__ = ("seq", "name", "alias", "action", "from_version", "to_version", "actor", "at")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    name: str
    alias: str
    action: AliasAction
    from_version: int
    to_version: int
    actor: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, seq: _Optional[int] = ..., name: _Optional[str] = ..., alias: _Optional[str] = ..., action: _Optional[_Union[AliasAction, str]] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., actor: _Optional[str] = ..., at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class EvalRun(_message.Message):
    __slots__ = ("id", "tenant", "model", "eval_type", "dataset", "metrics", "details_json", "created_at")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    DETAILS_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant: str
    model: ModelRef
    eval_type: str
    dataset: str
    metrics: _containers.ScalarMap[str, float]
    details_json: str
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., tenant: _Optional[str] = ..., model: _Optional[_Union[ModelRef, _Mapping]] = ..., eval_type: _Optional[str] = ..., dataset: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., details_json: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResultTable(_message.Message):
    __slots__ = ("table_name", "tenant", "model_name", "version", "row_count", "definition_hash", "created_at", "updated_at")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_HASH_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    tenant: str
    model_name: str
    version: int
    row_count: int
    definition_hash: str
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, table_name: _Optional[str] = ..., tenant: _Optional[str] = ..., model_name: _Optional[str] = ..., version: _Optional[int] = ..., row_count: _Optional[int] = ..., definition_hash: _Optional[str] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ModelReference(_message.Message):
    __slots__ = ("edge", "count", "count_is_lower_bound", "samples", "hidden_count")
    EDGE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    COUNT_IS_LOWER_BOUND_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    edge: str
    count: int
    count_is_lower_bound: bool
    samples: _containers.RepeatedScalarFieldContainer[str]
    hidden_count: int
    def __init__(self, edge: _Optional[str] = ..., count: _Optional[int] = ..., count_is_lower_bound: bool = ..., samples: _Optional[_Iterable[str]] = ..., hidden_count: _Optional[int] = ...) -> None: ...

class ModelVersionMetrics(_message.Message):
    __slots__ = ("version", "metrics", "deltas")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class DeltasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    DELTAS_FIELD_NUMBER: _ClassVar[int]
    version: int
    metrics: _containers.ScalarMap[str, float]
    deltas: _containers.ScalarMap[str, float]
    def __init__(self, version: _Optional[int] = ..., metrics: _Optional[_Mapping[str, float]] = ..., deltas: _Optional[_Mapping[str, float]] = ...) -> None: ...

class LineageNode(_message.Message):
    __slots__ = ("id", "model", "job_id", "eval_run_id", "table_name", "depth", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    EVAL_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    model: ModelRef
    job_id: str
    eval_run_id: str
    table_name: str
    depth: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., model: _Optional[_Union[ModelRef, _Mapping]] = ..., job_id: _Optional[str] = ..., eval_run_id: _Optional[str] = ..., table_name: _Optional[str] = ..., depth: _Optional[int] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LineageEdge(_message.Message):
    __slots__ = ("source_id", "target_id", "relation")
    SOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    source_id: str
    target_id: str
    relation: LineageRelation
    def __init__(self, source_id: _Optional[str] = ..., target_id: _Optional[str] = ..., relation: _Optional[_Union[LineageRelation, str]] = ...) -> None: ...

class ModelEvent(_message.Message):
    __slots__ = ("type", "tenant", "name", "version", "at", "model_version", "alias_change")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    ALIAS_CHANGE_FIELD_NUMBER: _ClassVar[int]
    type: ModelEventType
    tenant: str
    name: str
    version: int
    at: _timestamp_pb2.Timestamp
    model_version: ModelVersion
    alias_change: AliasChange
    def __init__(self, type: _Optional[_Union[ModelEventType, str]] = ..., tenant: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[int] = ..., at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., model_version: _Optional[_Union[ModelVersion, _Mapping]] = ..., alias_change: _Optional[_Union[AliasChange, _Mapping]] = ...) -> None: ...
