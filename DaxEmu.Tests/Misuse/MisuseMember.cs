using System.Reflection;
using System.Reflection.Emit;
using DaxEmu.Core;

namespace DaxEmu.Tests.Misuse;

/// <summary>A public member that can be called with boxed arguments, spans included.</summary>
internal sealed class MisuseMember
{
    private delegate object? Invoker(object? target, object?[] arguments);

    private readonly Invoker invoke;

    private MisuseMember(Type type, MethodBase method)
    {
        Type = type;
        Method = method;
        invoke = Compile(type, method);
    }

    public Type Type { get; }

    public MethodBase Method { get; }

    /// <summary>The types of the arguments: spans are given as arrays, and what is handed out needs none.</summary>
    public IReadOnlyList<Type> ArgumentTypes => [.. Method.GetParameters().Where(p => !IsMadeUp(p)).Select(p => Plain(p.ParameterType))];

    /// <summary>Every public constructor, method and property that a type declares.</summary>
    public static IReadOnlyList<MisuseMember> Of(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return [.. type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)).Select(m => new MisuseMember(type, m))];
    }

    public object? Invoke(object? target, object?[] arguments) => invoke(target, arguments);

    public override string ToString() =>
        $"{Type.Name}.{Method.Name}({string.Join(", ", Method.GetParameters().Select(p => p.ParameterType.Name))})";

    private static bool IsMadeUp(ParameterInfo parameter) => parameter.IsOut || parameter.ParameterType == typeof(FaultContext);

    private static bool IsSpan(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Span<>) || type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>));

    private static Type Plain(Type type)
    {
        Type plain = type.IsByRef ? type.GetElementType()! : type;
        return IsSpan(plain) ? plain.GetGenericArguments()[0].MakeArrayType() : plain;
    }

    private static Invoker Compile(Type type, MethodBase method)
    {
        var dynamic = new DynamicMethod(method.Name, typeof(object), [typeof(object), typeof(object[])], typeof(MisuseMember).Module, skipVisibility: true);
        ILGenerator il = dynamic.GetILGenerator();
        if (!method.IsStatic && method is MethodInfo)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Castclass, type);
        }

        int given = 0;
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            if (parameter.ParameterType == typeof(FaultContext))
            {
                il.Emit(OpCodes.Call, typeof(FaultContext).GetProperty(nameof(FaultContext.Mine))!.GetMethod!);
            }
            else
            {
                EmitArgument(il, parameter, parameter.IsOut ? -1 : given++);
            }
        }

        if (method is ConstructorInfo constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
        }
        else
        {
            il.Emit(method.IsStatic ? OpCodes.Call : OpCodes.Callvirt, (MethodInfo)method);
            EmitResult(il, ((MethodInfo)method).ReturnType);
        }

        il.Emit(OpCodes.Ret);
        return dynamic.CreateDelegate<Invoker>();
    }

    private static void EmitArgument(ILGenerator il, ParameterInfo parameter, int index)
    {
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        if (index >= 0)
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, index);
            il.Emit(OpCodes.Ldelem_Ref);
            if (IsSpan(type))
            {
                Type array = Plain(type);
                il.Emit(OpCodes.Castclass, array);
                il.Emit(OpCodes.Newobj, type.GetConstructor([array])!);
            }
            else
            {
                il.Emit(OpCodes.Unbox_Any, type);
            }
        }

        if (parameter.ParameterType.IsByRef)
        {
            LocalBuilder local = il.DeclareLocal(type);
            if (index >= 0)
            {
                il.Emit(OpCodes.Stloc, local);
            }

            il.Emit(OpCodes.Ldloca, local);
        }
    }

    private static void EmitResult(ILGenerator il, Type type)
    {
        if (type == typeof(void))
        {
            il.Emit(OpCodes.Ldnull);
        }
        else if (type.IsByRefLike)
        {
            il.Emit(OpCodes.Pop);
            il.Emit(OpCodes.Ldnull);
        }
        else if (type.IsValueType)
        {
            il.Emit(OpCodes.Box, type);
        }
    }
}
