from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millwright.v1 import model_pb2 as _model_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterModelRequest(_message.Message):
    __slots__ = ("name", "version", "model_type", "backend", "task", "base_model", "artifact_uri", "artifact_digest", "config_json", "labels", "request_id", "validate_only")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    BASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_URI_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    model_type: str
    backend: str
    task: str
    base_model: _model_pb2.ModelRef
    artifact_uri: str
    artifact_digest: str
    config_json: str
    labels: _containers.ScalarMap[str, str]
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., model_type: _Optional[str] = ..., backend: _Optional[str] = ..., task: _Optional[str] = ..., base_model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ..., artifact_uri: _Optional[str] = ..., artifact_digest: _Optional[str] = ..., config_json: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ..., validate_only: bool = ...) -> None: ...

class RegisterModelResponse(_message.Message):
    __slots__ = ("model_version", "created")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    model_version: _model_pb2.ModelVersion
    created: bool
    def __init__(self, model_version: _Optional[_Union[_model_pb2.ModelVersion, _Mapping]] = ..., created: bool = ...) -> None: ...

class GetModelRequest(_message.Message):
    __slots__ = ("name", "version", "alias", "view")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    alias: str
    view: _model_pb2.ModelView
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., alias: _Optional[str] = ..., view: _Optional[_Union[_model_pb2.ModelView, str]] = ...) -> None: ...

class GetModelResponse(_message.Message):
    __slots__ = ("model_version", "shadows_global")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SHADOWS_GLOBAL_FIELD_NUMBER: _ClassVar[int]
    model_version: _model_pb2.ModelVersion
    shadows_global: bool
    def __init__(self, model_version: _Optional[_Union[_model_pb2.ModelVersion, _Mapping]] = ..., shadows_global: bool = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("filter", "view", "page_size", "page_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: str
    view: _model_pb2.ModelView
    page_size: int
    page_token: str
    def __init__(self, filter: _Optional[str] = ..., view: _Optional[_Union[_model_pb2.ModelView, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("model_versions", "next_page_token")
    MODEL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model_versions: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelVersion]
    next_page_token: str
    def __init__(self, model_versions: _Optional[_Iterable[_Union[_model_pb2.ModelVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListModelVersionsRequest(_message.Message):
    __slots__ = ("name", "filter", "order_by", "page_size", "page_token", "view")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    name: str
    filter: str
    order_by: str
    page_size: int
    page_token: str
    view: _model_pb2.ModelView
    def __init__(self, name: _Optional[str] = ..., filter: _Optional[str] = ..., order_by: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., view: _Optional[_Union[_model_pb2.ModelView, str]] = ...) -> None: ...

class ListModelVersionsResponse(_message.Message):
    __slots__ = ("model_versions", "next_page_token")
    MODEL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model_versions: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelVersion]
    next_page_token: str
    def __init__(self, model_versions: _Optional[_Iterable[_Union[_model_pb2.ModelVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateModelVersionRequest(_message.Message):
    __slots__ = ("name", "version", "update_mask", "labels", "config_json", "status", "etag")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_JSON_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    update_mask: _field_mask_pb2.FieldMask
    labels: _containers.ScalarMap[str, str]
    config_json: str
    status: _model_pb2.ModelStatus
    etag: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., config_json: _Optional[str] = ..., status: _Optional[_Union[_model_pb2.ModelStatus, str]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdateModelVersionResponse(_message.Message):
    __slots__ = ("model_version",)
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    model_version: _model_pb2.ModelVersion
    def __init__(self, model_version: _Optional[_Union[_model_pb2.ModelVersion, _Mapping]] = ...) -> None: ...

class DeleteModelRequest(_message.Message):
    __slots__ = ("name", "version", "all_versions", "allow_missing", "etag", "validate_only")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ALL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    all_versions: bool
    allow_missing: bool
    etag: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., all_versions: bool = ..., allow_missing: bool = ..., etag: _Optional[str] = ..., validate_only: bool = ...) -> None: ...

class DeleteModelResponse(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelRef]
    def __init__(self, deleted: _Optional[_Iterable[_Union[_model_pb2.ModelRef, _Mapping]]] = ...) -> None: ...

class ListModelReferencesRequest(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListModelReferencesResponse(_message.Message):
    __slots__ = ("references", "model")
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    references: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelReference]
    model: _model_pb2.ModelRef
    def __init__(self, references: _Optional[_Iterable[_Union[_model_pb2.ModelReference, _Mapping]]] = ..., model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ...) -> None: ...

class SetModelAliasRequest(_message.Message):
    __slots__ = ("name", "alias", "version", "expected_version", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias: str
    version: int
    expected_version: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., alias: _Optional[str] = ..., version: _Optional[int] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetModelAliasResponse(_message.Message):
    __slots__ = ("alias",)
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    alias: _model_pb2.ModelAlias
    def __init__(self, alias: _Optional[_Union[_model_pb2.ModelAlias, _Mapping]] = ...) -> None: ...

class SwapModelAliasesRequest(_message.Message):
    __slots__ = ("name", "alias_a", "alias_b", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_A_FIELD_NUMBER: _ClassVar[int]
    ALIAS_B_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias_a: str
    alias_b: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., alias_a: _Optional[str] = ..., alias_b: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class SwapModelAliasesResponse(_message.Message):
    __slots__ = ("aliases",)
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    aliases: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelAlias]
    def __init__(self, aliases: _Optional[_Iterable[_Union[_model_pb2.ModelAlias, _Mapping]]] = ...) -> None: ...

class DeleteModelAliasRequest(_message.Message):
    __slots__ = ("name", "alias", "expected_version", "allow_missing")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias: str
    expected_version: int
    allow_missing: bool
    def __init__(self, name: _Optional[str] = ..., alias: _Optional[str] = ..., expected_version: _Optional[int] = ..., allow_missing: bool = ...) -> None: ...

class DeleteModelAliasResponse(_message.Message):
    __slots__ = ("alias",)
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    alias: _model_pb2.ModelAlias
    def __init__(self, alias: _Optional[_Union[_model_pb2.ModelAlias, _Mapping]] = ...) -> None: ...

class ListModelAliasesRequest(_message.Message):
    __slots__ = ("name", "page_size", "page_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    page_size: int
    page_token: str
    def __init__(self, name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelAliasesResponse(_message.Message):
    __slots__ = ("aliases", "next_page_token")
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    aliases: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelAlias]
    next_page_token: str
    def __init__(self, aliases: _Optional[_Iterable[_Union[_model_pb2.ModelAlias, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListAliasHistoryRequest(_message.Message):
    __slots__ = ("name", "alias", "changed_before", "page_size", "page_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias: str
    changed_before: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, name: _Optional[str] = ..., alias: _Optional[str] = ..., changed_before: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAliasHistoryResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[_model_pb2.AliasChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[_model_pb2.AliasChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RollbackModelAliasRequest(_message.Message):
    __slots__ = ("name", "alias", "expected_version", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    alias: str
    expected_version: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., alias: _Optional[str] = ..., expected_version: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class RollbackModelAliasResponse(_message.Message):
    __slots__ = ("alias",)
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    alias: _model_pb2.ModelAlias
    def __init__(self, alias: _Optional[_Union[_model_pb2.ModelAlias, _Mapping]] = ...) -> None: ...

class RecordEvalRunRequest(_message.Message):
    __slots__ = ("model", "eval_type", "dataset", "metrics", "details_json", "request_id")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    DETAILS_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.ModelRef
    eval_type: str
    dataset: str
    metrics: _containers.ScalarMap[str, float]
    details_json: str
    request_id: str
    def __init__(self, model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ..., eval_type: _Optional[str] = ..., dataset: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., details_json: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class RecordEvalRunResponse(_message.Message):
    __slots__ = ("eval_run",)
    EVAL_RUN_FIELD_NUMBER: _ClassVar[int]
    eval_run: _model_pb2.EvalRun
    def __init__(self, eval_run: _Optional[_Union[_model_pb2.EvalRun, _Mapping]] = ...) -> None: ...

class ListEvalRunsRequest(_message.Message):
    __slots__ = ("model", "eval_type", "page_size", "page_token")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVAL_TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model: _model_pb2.ModelRef
    eval_type: str
    page_size: int
    page_token: str
    def __init__(self, model: _Optional[_Union[_model_pb2.ModelRef, _Mapping]] = ..., eval_type: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEvalRunsResponse(_message.Message):
    __slots__ = ("eval_runs", "next_page_token")
    EVAL_RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    eval_runs: _containers.RepeatedCompositeFieldContainer[_model_pb2.EvalRun]
    next_page_token: str
    def __init__(self, eval_runs: _Optional[_Iterable[_Union[_model_pb2.EvalRun, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteEvalRunRequest(_message.Message):
    __slots__ = ("id", "allow_missing")
    ID_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    id: str
    allow_missing: bool
    def __init__(self, id: _Optional[str] = ..., allow_missing: bool = ...) -> None: ...

class DeleteEvalRunResponse(_message.Message):
    __slots__ = ("eval_runs",)
    EVAL_RUNS_FIELD_NUMBER: _ClassVar[int]
    eval_runs: _containers.RepeatedCompositeFieldContainer[_model_pb2.EvalRun]
    def __init__(self, eval_runs: _Optional[_Iterable[_Union[_model_pb2.EvalRun, _Mapping]]] = ...) -> None: ...

class CompareModelVersionsRequest(_message.Message):
    __slots__ = ("name", "versions", "keys")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    versions: _containers.RepeatedScalarFieldContainer[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., versions: _Optional[_Iterable[int]] = ..., keys: _Optional[_Iterable[str]] = ...) -> None: ...

class CompareModelVersionsResponse(_message.Message):
    __slots__ = ("versions", "keys")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[_model_pb2.ModelVersionMetrics]
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, versions: _Optional[_Iterable[_Union[_model_pb2.ModelVersionMetrics, _Mapping]]] = ..., keys: _Optional[_Iterable[str]] = ...) -> None: ...

class RegisterResultTableRequest(_message.Message):
    __slots__ = ("table_name", "model_name", "version", "row_count", "definition_hash")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_HASH_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    model_name: str
    version: int
    row_count: int
    definition_hash: str
    def __init__(self, table_name: _Optional[str] = ..., model_name: _Optional[str] = ..., version: _Optional[int] = ..., row_count: _Optional[int] = ..., definition_hash: _Optional[str] = ...) -> None: ...

class RegisterResultTableResponse(_message.Message):
    __slots__ = ("result_table",)
    RESULT_TABLE_FIELD_NUMBER: _ClassVar[int]
    result_table: _model_pb2.ResultTable
    def __init__(self, result_table: _Optional[_Union[_model_pb2.ResultTable, _Mapping]] = ...) -> None: ...

class ListResultTablesRequest(_message.Message):
    __slots__ = ("model_name", "page_size", "page_token")
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model_name: str
    page_size: int
    page_token: str
    def __init__(self, model_name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListResultTablesResponse(_message.Message):
    __slots__ = ("result_tables", "next_page_token")
    RESULT_TABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    result_tables: _containers.RepeatedCompositeFieldContainer[_model_pb2.ResultTable]
    next_page_token: str
    def __init__(self, result_tables: _Optional[_Iterable[_Union[_model_pb2.ResultTable, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DropResultTableRequest(_message.Message):
    __slots__ = ("table_name", "allow_missing")
    TABLE_NAME_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_FIELD_NUMBER: _ClassVar[int]
    table_name: str
    allow_missing: bool
    def __init__(self, table_name: _Optional[str] = ..., allow_missing: bool = ...) -> None: ...

class DropResultTableResponse(_message.Message):
    __slots__ = ("result_tables",)
    RESULT_TABLES_FIELD_NUMBER: _ClassVar[int]
    result_tables: _containers.RepeatedCompositeFieldContainer[_model_pb2.ResultTable]
    def __init__(self, result_tables: _Optional[_Iterable[_Union[_model_pb2.ResultTable, _Mapping]]] = ...) -> None: ...

class QueryLineageRequest(_message.Message):
    __slots__ = ("name", "version", "direction", "max_depth", "max_nodes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    MAX_DEPTH_FIELD_NUMBER: _ClassVar[int]
    MAX_NODES_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    direction: _model_pb2.LineageDirection
    max_depth: int
    max_nodes: int
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., direction: _Optional[_Union[_model_pb2.LineageDirection, str]] = ..., max_depth: _Optional[int] = ..., max_nodes: _Optional[int] = ...) -> None: ...

class QueryLineageResponse(_message.Message):
    __slots__ = ("nodes", "edges", "truncated")
    NODES_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[_model_pb2.LineageNode]
    edges: _containers.RepeatedCompositeFieldContainer[_model_pb2.LineageEdge]
    truncated: bool
    def __init__(self, nodes: _Optional[_Iterable[_Union[_model_pb2.LineageNode, _Mapping]]] = ..., edges: _Optional[_Iterable[_Union[_model_pb2.LineageEdge, _Mapping]]] = ..., truncated: bool = ...) -> None: ...

class WatchModelsRequest(_message.Message):
    __slots__ = ("name_prefix", "resume_token")
    NAME_PREFIX_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name_prefix: str
    resume_token: str
    def __init__(self, name_prefix: _Optional[str] = ..., resume_token: _Optional[str] = ...) -> None: ...

class WatchModelsResponse(_message.Message):
    __slots__ = ("event", "resume_token")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event: _model_pb2.ModelEvent
    resume_token: str
    def __init__(self, event: _Optional[_Union[_model_pb2.ModelEvent, _Mapping]] = ..., resume_token: _Optional[str] = ...) -> None: ...
