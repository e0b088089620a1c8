"""
Values that are stored or passed: frozen, with no I/O.

The ones that most of the fleet uses are handed on here.
"""

from fleet.models.attempt import Attempt as Attempt
from fleet.models.attempt import Dialog as Dialog
from fleet.models.attempt import Evidence as Evidence
from fleet.models.attempt import EvidenceFile as EvidenceFile
from fleet.models.attempt import Served as Served
from fleet.models.attempt import plain_document as plain_document
from fleet.models.base import Frozen as Frozen
from fleet.models.base import Instant as Instant
from fleet.models.base import now as now
from fleet.models.outcome import Facts as Facts
from fleet.models.outcome import Group as Group
from fleet.models.outcome import Outcome as Outcome
from fleet.models.outcome import Verdict as Verdict
from fleet.models.paris import PARIS as PARIS
from fleet.models.run import Run as Run
from fleet.models.scenario import FLOW_SLUG as FLOW_SLUG
from fleet.models.scenario import Scenario as Scenario
from fleet.models.scenario import check_url as check_url
from fleet.models.scenario import definition_version as definition_version
