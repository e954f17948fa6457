package cloister.room;

import cloister.privacy.DifferentialPrivacy;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Whether a run may happen, and under which obligations.
public sealed interface Verdict {
  /// The run may happen, bound by all of this.
  ///
  /// @param obligations per dataset the run reaches; those of analyses on the way are met into them
  /// @param noise of the whole answer, as the collaboration resolves it; absent means
  ///   threshold-only
  /// @param trace which rules permit, in the order of distance from the requested analysis
  record Permitted(
      SortedMap<Address, Obligations> obligations,
      Optional<DifferentialPrivacy> noise,
      List<Step> trace)
      implements Verdict {
    public Permitted {
      obligations = Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(obligations)));
      trace = List.copyOf(trace);
    }
  }

  /// Nothing is missing but that owners list these versions of analyses in their terms.
  record NeedsApproval(SortedSet<Approval> approvals) implements Verdict {
    public NeedsApproval {
      approvals = sorted(approvals);
      if (approvals.isEmpty()) {
        throw new IllegalArgumentException("an approval must be missing");
      }
    }
  }

  /// The run may not happen.
  ///
  /// @param at the dataset or analysis whose terms refuse; the requested analysis when the
  ///   agreement itself does
  /// @param rule the rule of those terms that came nearest to permitting
  /// @param path from the requested analysis to `at`; around the cycle when there is one
  /// @param suggestion a request near to this one that is permitted
  record Denied(
      Address at,
      Optional<Name> rule,
      Cause cause,
      String reason,
      List<Address> path,
      Optional<Suggestion> suggestion)
      implements Verdict {
    public Denied {
      path = List.copyOf(path);
    }
  }

  /// One dataset, or one analysis whose owner is not the requester, and what its terms say.
  ///
  /// @param permittedBy the rules that permit the run as it is
  /// @param boundBy those whose obligations bind: the same, and the rules that would permit it for
  ///   some of its recipients only
  /// @param path from the requested analysis
  record Step(
      Address at, SortedSet<Name> permittedBy, SortedSet<Name> boundBy, List<Address> path) {
    public Step {
      permittedBy = sorted(permittedBy);
      boundBy = sorted(boundBy);
      path = List.copyOf(path);
    }
  }

  /// What one owner has yet to approve.
  ///
  /// @param by the owner
  /// @param terms the dataset or analysis whose terms would list it
  /// @param document the digest of the analysis to approve
  record Approval(Name by, Address terms, Address analysis, cloister.crypto.Digest document)
      implements Comparable<Approval> {
    private static final Comparator<Approval> ORDER =
        Comparator.comparing(Approval::by)
            .thenComparing(Approval::terms)
            .thenComparing(Approval::analysis)
            .thenComparing(Approval::document);

    @Override
    public int compareTo(Approval other) {
      return ORDER.compare(this, other);
    }
  }

  /// A request that `decide` permits, and how it differs from the one denied.
  record Suggestion(Request request, List<String> changes) {
    public Suggestion {
      changes = List.copyOf(changes);
    }
  }

  /// What kind of thing stands in the way.
  enum Cause {
    /// A participant has suspended the collaboration.
    SUSPENDED,
    /// The requester, a recipient or an owner is not a participant, or nobody would receive.
    PARTICIPANT,
    /// The collaboration does not cover the purpose.
    PURPOSE,
    /// An analysis reads something that is not there, or nothing at all.
    MISSING,
    /// Analyses read each other.
    CYCLE,
    /// No rule permits.
    TERMS,
    /// The owner asks for a join with another participant's dataset.
    JOIN,
    /// A column is unknown, or out of reach for this use.
    COLUMN,
    /// The plan reads other datasets than the documents say.
    PLAN,
    /// The owners' terms on noise cannot be reconciled as the collaboration asks.
    NOISE
  }

  private static <T extends Comparable<T>> SortedSet<T> sorted(Set<T> set) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(set));
  }
}
