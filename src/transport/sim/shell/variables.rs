//! Variables: what they hold, and which of them the programs see.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use foldhash::fast::FixedState;

use super::Flow;
use super::state::Shell;

/// A variable.
#[derive(Clone, Default)]
pub(super) struct Variable {
    pub value: Value,
    pub exported: bool,
    pub readonly: bool,
}

/// What a variable holds.
#[derive(Clone, Default)]
pub(super) enum Value {
    /// Nothing: it is only declared.
    #[default]
    None,
    Text(String),
    List(BTreeMap<usize, String>),
}

/// The variables of a shell but for the usual exported ones: text that can be changed is in the
/// environment of its process, and nowhere else.
#[derive(Clone)]
pub(super) struct Variables {
    own: Own,
    /// What `PIPESTATUS` holds after a command that was no pipeline. Nearly every command sets it, and
    /// hardly any text reads it: it is made a list when somebody looks.
    piped: Option<u8>,
}

/// A subshell shares them until one of both changes something.
type Own = Rc<HashMap<Rc<str>, Variable, FixedState>>;

/// What each shell sets for itself, whatever its environment says.
const OF_SHELL: [(&str, &str); 5] = [
    ("IFS", " \t\n"),
    ("OPTIND", "1"),
    ("PS4", "+ "),
    ("BASH", "/bin/bash"),
    ("BASH_VERSION", "4.2.46(2)-release"),
];

const PIPE_STATUS: &str = "PIPESTATUS";

thread_local! {
    static BEGINNING: Own = {
        let text = |value: &str| Variable { value: Value::Text(value.to_owned()), ..Variable::default() };
        Rc::new(OF_SHELL.iter().map(|(name, value)| (Rc::from(*name), text(value))).collect())
    };
}

impl Variables {
    /// Those of a fresh shell.
    pub fn new() -> Self {
        Self {
            own: BEGINNING.with(Rc::clone),
            piped: None,
        }
    }
}

/// Variables of bash that are not modelled: most change by themselves.
const UNMODELLED: &[&str] = &[
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "DIRSTACK",
    "FUNCNAME",
    "GROUPS",
    "RANDOM",
];

/// Whether what the environment calls `name` becomes a variable.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

impl Shell<'_> {
    /// Gives a fresh shell its own values of the variables that its environment has, too: they stay
    /// exported.
    pub fn begin_variables(&mut self) {
        for (name, value) in OF_SHELL {
            if self.process.environment.contains_key(name) {
                Rc::make_mut(&mut self.variables.own).remove(name);
                self.set(name, value);
            }
        }
    }

    /// The text of the environment's variable `name`.
    fn in_environment(&self, name: &str) -> Option<&String> {
        let text = self.process.environment.get(name)?;
        is_name(name).then_some(text)
    }

    /// The value of the variable `name`, or of its first element.
    pub fn get(&self, name: &str) -> Option<String> {
        self.lent(name).map(Cow::into_owned)
    }

    /// As [`Shell::get`], lent.
    pub fn lent(&self, name: &str) -> Option<Cow<'_, str>> {
        if let (PIPE_STATUS, Some(status)) = (name, self.variables.piped) {
            return Some(Cow::Owned(status.to_string()));
        }
        let text = match self.variables.own.get(name).map(|own| &own.value) {
            Some(Value::Text(text)) => text,
            Some(Value::List(list)) => list.get(&0)?,
            Some(Value::None) => return None,
            None => self.in_environment(name)?,
        };
        Some(Cow::Borrowed(text))
    }

    /// As [`Shell::get`], for those variables too that the shell makes up.
    pub fn look_up(&self, name: &str) -> Flow<Option<String>> {
        if let Some(value) = self.get(name) {
            return Ok(Some(value));
        }
        if self.is_declared(name) {
            return Ok(None);
        }
        Ok(match name {
            "SECONDS" => Some((self.process.now() - self.started).as_secs().to_string()),
            "BASHPID" => Some(self.process.pid.to_string()),
            "LINENO" => Some(self.line.to_string()),
            "HOSTNAME" => Some(self.process.here().name.clone()),
            "UID" | "EUID" => self.user_id(),
            "PPID" => Some("1".to_owned()),
            _ if UNMODELLED.contains(&name) => self.process.unmodelled(format!("${name}"))?,
            _ => None,
        })
    }

    fn user_id(&self) -> Option<String> {
        let users = self.process.here().files.text("/etc/passwd")?;
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(&*self.process.user))
                .then(|| fields.nth(1))?
                .map(str::to_owned)
        })
    }

    /// Whether there is a variable `name`, whatever it holds.
    pub fn is_declared(&self, name: &str) -> bool {
        self.variables.own.contains_key(name)
            || self.in_environment(name).is_some()
            || name == PIPE_STATUS && self.variables.piped.is_some()
    }

    pub fn variable(&self, name: &str) -> Option<Cow<'_, Variable>> {
        let own = self.variables.own.get(name);
        if let (PIPE_STATUS, Some(status)) = (name, self.variables.piped) {
            let list = [(0, status.to_string())].into();
            return Some(Cow::Owned(Variable {
                value: Value::List(list),
                ..own.cloned().unwrap_or_default()
            }));
        }
        if let Some(own) = own {
            return Some(Cow::Borrowed(own));
        }
        Some(Cow::Owned(Variable {
            value: Value::Text(self.in_environment(name)?.clone()),
            exported: true,
            readonly: false,
        }))
    }

    pub fn names(&self) -> Vec<String> {
        let own = self.variables.own.keys().map(|name| &**name);
        let exported = self.process.environment.iter().map(|(name, _)| name);
        let piped = self.variables.piped.map(|_| PIPE_STATUS);
        let all = own
            .chain(exported.filter(|name| is_name(name)))
            .chain(piped);
        let mut names: Vec<String> = all.map(str::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Notes in `PIPESTATUS` that a command which was no pipeline ended with `status`.
    pub fn piped(&mut self, status: u8) {
        if self.variables.piped.is_none() && self.is_declared(PIPE_STATUS) {
            // What was text, and perhaps exported, is a list from now on.
            self.change(PIPE_STATUS, |statuses| {
                statuses.value = Value::List(BTreeMap::new());
            });
        }
        self.variables.piped = Some(status);
    }

    /// Changes the variable `name`, which is made if need be, whether it is readonly or not.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Variable)) {
        let mut variable = self.taken(name);
        change(&mut variable);
        variable.exported |= self.options.export_all && !matches!(variable.value, Value::List(_));
        match &variable.value {
            Value::Text(text) if variable.exported => {
                self.process.environment.insert(name, text.clone());
                if !variable.readonly {
                    self.drop_own(name);
                    return;
                }
            }
            _ => self.process.environment.remove(name),
        }
        let own = Rc::make_mut(&mut self.variables.own);
        match own.get_mut(name) {
            Some(there) => *there = variable,
            None => {
                own.insert(name.into(), variable);
            }
        }
    }

    /// The variable as it is; it has to be put back.
    fn taken(&mut self, name: &str) -> Variable {
        if name == PIPE_STATUS && self.variables.piped.is_some()
            || !self.variables.own.contains_key(name)
        {
            let variable = self.keep(name).unwrap_or_default();
            if name == PIPE_STATUS {
                self.variables.piped = None;
            }
            return variable;
        }
        let own = Rc::make_mut(&mut self.variables.own);
        own.get_mut(name).map(std::mem::take).unwrap_or_default()
    }

    fn drop_own(&mut self, name: &str) {
        if self.variables.own.contains_key(name) {
            Rc::make_mut(&mut self.variables.own).remove(name);
        }
    }

    /// Sets `name`, or the first element of the list that it is.
    pub fn set(&mut self, name: &str, value: &str) {
        self.change(name, |variable| match &mut variable.value {
            Value::List(list) => {
                list.insert(0, value.to_owned());
            }
            other => *other = Value::Text(value.to_owned()),
        });
    }

    pub fn export(&mut self, name: &str) {
        self.change(name, |variable| variable.exported = true);
    }

    /// Sets `name` for a command that asks for it.
    ///
    /// # Errors
    /// When it is readonly.
    pub fn assign(&mut self, name: &str, value: &str) -> Flow {
        self.writable(name)?;
        self.set(name, value);
        Ok(())
    }

    pub fn assign_list(&mut self, name: &str, values: impl IntoIterator<Item = String>) -> Flow {
        self.writable(name)?;
        let list = values.into_iter().enumerate().collect();
        self.change(name, |variable| variable.value = Value::List(list));
        Ok(())
    }

    pub fn writable(&mut self, name: &str) -> Flow {
        let own = self.variables.own.get(name);
        if !own.is_some_and(|variable| variable.readonly) {
            return Ok(());
        }
        self.error(format!("{name}: readonly variable"))?;
        self.status = 1;
        Err(self.abandon())
    }

    pub fn forget(&mut self, name: &str) {
        self.drop_own(name);
        if name == PIPE_STATUS {
            self.variables.piped = None;
        }
        self.process.environment.remove(name);
    }

    /// The variable as it is, to be given to [`Shell::restore`] later.
    pub fn keep(&self, name: &str) -> Option<Variable> {
        self.variable(name).map(Cow::into_owned)
    }

    pub fn restore(&mut self, name: &str, kept: Option<Variable>) {
        match kept {
            Some(kept) => self.change(name, |variable| *variable = kept),
            None => self.forget(name),
        }
    }

    /// Hides `name` until the function at work returns.
    pub fn hide(&mut self, name: &str) {
        let kept = self.keep(name);
        let Some(hidden) = self.hidden.last_mut() else {
            return;
        };
        if !hidden.contains_key(name) {
            let exported = kept.as_ref().is_some_and(|kept| kept.exported);
            hidden.insert(name.to_owned(), kept);
            self.restore(
                name,
                Some(Variable {
                    exported,
                    ..Variable::default()
                }),
            );
        }
    }

    pub fn enter_function(&mut self) {
        self.hidden.push(HashMap::new());
    }

    pub fn leave_function(&mut self) {
        for (name, kept) in self.hidden.pop().unwrap_or_default() {
            self.restore(&name, kept);
        }
    }

    pub fn in_function(&self) -> bool {
        !self.hidden.is_empty()
    }
}
