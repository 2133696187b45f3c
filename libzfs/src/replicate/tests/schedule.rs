use super::model::{Side, carry_out};
use crate::replicate::schedule::{Next, Schedule};
use crate::replicate::{Plan, Request, plan};

fn source() -> Side {
    let mut source = Side::new("tank/prod", 1000);
    for dataset in ["tank/prod", "tank/prod/a", "tank/prod/a/x", "tank/prod/b"] {
        source.create(dataset);
        source.snapshot(dataset, "s");
    }
    source.clone_of("tank/prod/b", "s", "tank/prod/clone");
    source.snapshot("tank/prod/clone", "t");
    source
}

fn made(source: &Side, vault: &Side) -> Plan {
    plan(&source.tree(), &vault.tree(), &Request::default())
}

/// All that can be begun now, by its name.
fn begun(schedule: &mut Schedule, plan: &Plan) -> Vec<String> {
    let mut begun = Vec::new();
    loop {
        match schedule.next() {
            Next::Step(at) => begun.push(plan.steps[at].source.to_string()),
            Next::Lacks(at, needed) => {
                schedule.finished(at, false);
                let (step, needed) = (&plan.steps[at], &plan.steps[needed]);
                begun.push(format!("not {} without {}", step.source, needed.source));
            }
            Next::Wait => return begun,
            Next::End => {
                begun.push("end".to_owned());
                return begun;
            }
        }
    }
}

fn end(schedule: &mut Schedule, plan: &Plan, dataset: &str, well: bool) {
    let at = plan
        .steps
        .iter()
        .position(|step| step.source.as_str() == dataset);
    schedule.finished(at.unwrap(), well);
}

#[test]
fn a_dataset_waits_for_what_it_needs_and_for_nothing_else() {
    let source = source();
    let plan = made(&source, &Side::new("vault/prod", 1));
    let mut schedule = Schedule::new(&plan.steps);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod"]);
    end(&mut schedule, &plan, "tank/prod", true);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod/a", "tank/prod/b"]);
    end(&mut schedule, &plan, "tank/prod/b", true);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod/clone"]);
    end(&mut schedule, &plan, "tank/prod/a", false);
    let rest = ["not tank/prod/a/x without tank/prod/a", "end"];
    assert_eq!(begun(&mut schedule, &plan), rest);
}

#[test]
fn what_has_a_copy_already_does_not_need_its_parent_to_succeed() {
    let mut source = source();
    let mut vault = Side::new("vault/prod", 5000);
    carry_out(&made(&source, &vault), &mut source, &mut vault);
    for dataset in ["tank/prod", "tank/prod/a", "tank/prod/a/x"] {
        source.snapshot(dataset, "u");
    }
    let plan = made(&source, &vault);
    let mut schedule = Schedule::new(&plan.steps);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod"]);
    end(&mut schedule, &plan, "tank/prod", false);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod/a"]);
    end(&mut schedule, &plan, "tank/prod/a", false);
    assert_eq!(begun(&mut schedule, &plan), ["tank/prod/a/x", "end"]);
}

#[test]
fn what_gets_another_name_is_done_alone() {
    let mut source = source();
    let mut vault = Side::new("vault/prod", 5000);
    carry_out(&made(&source, &vault), &mut source, &mut vault);
    source.rename("tank/prod/a", "tank/prod/c");
    for dataset in ["tank/prod", "tank/prod/b", "tank/prod/c", "tank/prod/c/x"] {
        source.snapshot(dataset, "u");
    }
    let plan = made(&source, &vault);
    let mut schedule = Schedule::new(&plan.steps);
    for step in &plan.steps {
        let dataset = step.source.as_str();
        assert_eq!(begun(&mut schedule, &plan)[0], dataset);
        end(&mut schedule, &plan, dataset, true);
    }
}
